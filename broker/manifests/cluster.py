"""What the local platform leaves to a cluster: the list, and taking it out of a manifest.

It changes when a manifest uses another kind or field that means nothing on one machine. Whatever
is neither here nor in `shapes.py` is refused, so that nothing is ignored by accident.
"""

from collections.abc import Mapping
from typing import Any, Final

from broker.manifests.shapes import EVENTING, SERVING

Left = Mapping[str, "Left | None"]

WHOLE: Final = None
"""This field, with all it holds, is left to a cluster."""

KINDS = frozenset(
    {
        ("batch/v1", "CronJob"),
        ("v1", "ConfigMap"),
        ("v1", "Namespace"),
        ("v1", "Secret"),
        ("v1", "ServiceAccount"),
        ("eventing.knative.dev/v1beta3", "EventType"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
    }
)

FIELDS: Mapping[tuple[str, str], Left] = {
    (EVENTING, "Broker"): {
        "metadata": {"annotations": {"eventing.knative.dev/broker.class": WHOLE}},
        "spec": {"config": WHOLE},
    },
    (EVENTING, "Trigger"): {
        "metadata": {"annotations": {"kafka.eventing.knative.dev/delivery.order": WHOLE}},
    },
    (SERVING, "Service"): {
        "metadata": {"annotations": WHOLE},
        "spec": {
            "template": {
                "metadata": WHOLE,
                "spec": {
                    "automountServiceAccountToken": WHOLE,
                    "containerConcurrency": WHOLE,
                    "enableServiceLinks": WHOLE,
                    "serviceAccountName": WHOLE,
                    "timeoutSeconds": WHOLE,
                    "volumes": WHOLE,
                    "containers": {
                        "env": {"valueFrom": {"secretKeyRef": WHOLE, "configMapKeyRef": WHOLE}},
                        "image": WHOLE,
                        "imagePullPolicy": WHOLE,
                        "livenessProbe": WHOLE,
                        "name": WHOLE,
                        "ports": WHOLE,
                        "readinessProbe": WHOLE,
                        "resources": WHOLE,
                        "securityContext": WHOLE,
                        "startupProbe": WHOLE,
                        "volumeMounts": {"name": WHOLE, "readOnly": WHOLE},
                    },
                },
            },
        },
    },
}


def without(value: Any, left: Left) -> Any:
    """The manifest without what is left to a cluster; a list's entries are treated alike."""
    if isinstance(value, list):
        return [without(entry, left) for entry in value]
    if not isinstance(value, Mapping):
        return value
    return {
        key: without(entry, left.get(key) or {})
        for key, entry in value.items()
        if key not in left or left[key] is not WHOLE
    }
