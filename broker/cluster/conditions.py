"""What an object of Kubernetes or Knative says of itself, in the JSON of `kubectl get -o json`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Object = Mapping[str, Any]


def name_of(one: Object) -> str:
    """Its name."""
    return str(one["metadata"]["name"])


def is_going(one: Object) -> bool:
    """Whether it is being deleted, and is here only until that is done."""
    return "deletionTimestamp" in one["metadata"]


def holds(one: Object, condition: str) -> bool:
    """Whether the object says that this condition of its own is true."""
    return any(each["type"] == condition for each in conditions(one) if each["status"] == "True")


def reasons(one: Object) -> set[str]:
    """Why some of its conditions are not true."""
    return {each.get("reason", "") for each in conditions(one) if each["status"] != "True"}


def explanation(one: Object) -> str:
    """What the object says for itself: the condition that sums up, else one that explains it."""
    ordered = sorted(conditions(one), key=lambda each: each["type"] not in ("Ready", "Failed"))
    said = [each for each in ordered if each.get("message") or each.get("reason")]
    if not said:
        return "does not say yet why it is not ready"
    return ": ".join(filter(None, [said[0].get("reason"), said[0].get("message")]))


def conditions(one: Object) -> list[Mapping[str, str]]:
    """All that it says."""
    said: list[Mapping[str, str]] = one.get("status", {}).get("conditions", [])
    return said


def kept_from_starting(pods: Iterable[Object]) -> Iterator[tuple[str, str]]:
    """Pods that cannot start, and why; their owners often have no reason: no image, no Secret."""
    for pod in pods:
        for container in pod.get("status", {}).get("containerStatuses", ()):
            if "message" in (state := container["state"].get("waiting", {})):
                yield name_of(pod), f"{state['reason']}: {state['message']}"
