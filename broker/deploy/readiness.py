"""What is not ready yet, and why: changes with the kinds that tell so, and how they do.

Objects are the JSON of `kubectl get -o json`. An event that the broker takes while a Trigger is
not ready is gone for that Trigger: so nothing counts as done before all of them are.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from broker.cluster.conditions import Object, explanation, holds, is_going, kept_from_starting


@dataclass(frozen=True, slots=True)
class Unready:
    """An object that is not ready; `failed` when waiting for it is of no use."""

    kind: str
    name: str
    why: str
    failed: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.why}"


def unready(wanted: Iterable[Object], found: Iterable[Object]) -> list[Unready]:
    """Of the objects applied those that are not ready, in their order."""
    there = {identity(each): each for each in found}
    states = [(each, _state(there.get(identity(each)))) for each in wanted]
    return [
        Unready(each["kind"], each["metadata"]["name"], *state) for each, state in states if state
    ]


def resources(wanted: Iterable[Object]) -> str:
    """What to ask kubectl for, in an order in which nothing looks ready too early."""
    asked = {group_kind(each) for each in wanted}
    return ",".join(f"{kind.lower()}s.{group}" for group, kind in _TELLS if (group, kind) in asked)


def not_starting(pods: Iterable[Object]) -> list[Unready]:
    """Pods that cannot start."""
    return [Unready("Pod", *each) for each in kept_from_starting(pods)]


def tells(one: Object) -> bool:
    """Whether an object of that kind says when it is ready."""
    return group_kind(one) in _TELLS


def group_kind(one: Object) -> tuple[str, str]:
    """`serving.knative.dev` and `Service`; no group for Kubernetes' oldest kinds."""
    group, _, _ = one["apiVersion"].rpartition("/")
    return group, one["kind"]


def identity(one: Object) -> tuple[str, str, str]:
    """What tells an object from the others of a namespace."""
    return *group_kind(one), one["metadata"]["name"]


State = tuple[str, bool] | tuple[()]
GONE = "is not there"


def _state(one: Object | None) -> State:
    if one is None:
        return GONE, False
    return ("is being deleted", False) if is_going(one) else _TELLS[group_kind(one)](one)


def _knative(one: Object) -> State:
    """Ready, and that of the object as it is now."""
    status = one.get("status", {})
    if status.get("observedGeneration") != one["metadata"].get("generation"):
        return "its last change is not carried out yet", False
    return () if holds(one, "Ready") else (explanation(one), False)


def _job(one: Object) -> State:
    if holds(one, "Complete"):
        return ()
    return (explanation(one), True) if holds(one, "Failed") else ("is not done yet", False)


def _stateful_set(one: Object) -> State:
    wanted, status = one["spec"].get("replicas", 1), one.get("status", {})
    ready = status.get("readyReplicas", 0)
    if status.get("observedGeneration") == one["metadata"].get("generation") and ready >= wanted:
        return ()
    return f"{ready} of {wanted} pods are ready", False


_TELLS: Mapping[tuple[str, str], Callable[[Object], State]] = {
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "Job"): _job,
    # A SinkBinding before the Services that it changes: when it is ready, they have been changed.
    ("sources.knative.dev", "SinkBinding"): _knative,
    ("sources.knative.dev", "PingSource"): _knative,
    ("serving.knative.dev", "Service"): _knative,
    ("serving.knative.dev", "DomainMapping"): _knative,
    ("eventing.knative.dev", "Broker"): _knative,
    ("eventing.knative.dev", "Trigger"): _knative,
    ("eventing.knative.dev", "EventType"): _knative,
}
