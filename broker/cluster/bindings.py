"""SinkBindings that Knative has forgotten.

When a Broker is deleted and made again, its SinkBindings can stay at NoAddressable, or keep the
address of the one before, for ever: the controller looks again only once the SinkBinding itself has
changed. An annotation is such a change (seen with Eventing of summer 2026; knative/eventing #9189).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from broker.cluster.conditions import Object, holds, is_going, name_of, reasons

ANNOTATION = "woken"


def stuck(bindings: Iterable[Object], brokers: Iterable[Object]) -> list[str]:
    """The names of the SinkBindings that do not lead to their Broker although it is ready."""
    ready = {
        name_of(broker): broker["status"]["address"].get("url")
        for broker in brokers
        if holds(broker, "Ready") and not is_going(broker) and "address" in broker["status"]
    }
    return [name_of(one) for one in bindings if not is_going(one) and _is_stuck(one, ready)]


def waking(name: str, namespace: str, when: object) -> list[str]:
    """What to tell kubectl so that the controller looks at the SinkBinding again."""
    where = ["-n", namespace, "--overwrite"]
    return ["annotate", "sinkbindings.sources.knative.dev", name, f"{ANNOTATION}={when}", *where]


def _is_stuck(binding: Object, ready: Mapping[str, Any]) -> bool:
    sink = binding["spec"]["sink"].get("ref", {})
    if sink.get("kind") != "Broker" or sink["name"] not in ready:
        return False
    if not holds(binding, "Ready"):
        return "NoAddressable" in reasons(binding)
    uri: str | None = binding["status"].get("sinkUri")
    return uri is not None and not uri.startswith(ready[sink["name"]])
