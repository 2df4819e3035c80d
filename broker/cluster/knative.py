"""What is wrong with a deployed blog's objects: rules over kubectl's JSON and the manifests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from broker.cluster.bindings import stuck, waking
from broker.cluster.channels import Stale
from broker.cluster.conditions import (
    Object,
    explanation,
    holds,
    is_going,
    kept_from_starting,
    name_of,
)
from broker.manifests import Platform
from broker.verbs.summary import Located
from eventing.condition import Trouble

KINDS = {
    "Service": "services.serving.knative.dev",
    "Trigger": "triggers.eventing.knative.dev",
    "Broker": "brokers.eventing.knative.dev",
    "SinkBinding": "sinkbindings.sources.knative.dev",
    "PingSource": "pingsources.sources.knative.dev",
}
AGAIN = "`make deploy` makes it again"


@dataclass(frozen=True, slots=True)
class Deployed:
    """The objects of one namespace, by kind, and what its channels have kept of others."""

    objects: Mapping[str, Sequence[Object]]
    pods: Sequence[Object] = ()
    stale: Sequence[Stale] = field(default=())

    def of(self, kind: str) -> list[Object]:
        """Those that are there to stay."""
        return [one for one in self.objects.get(kind, ()) if not is_going(one)]


def troubles(platform: Platform, there: Deployed) -> list[Located]:
    """All that is wrong, the worst first."""
    if not any(there.of(kind) for kind in KINDS):
        detail = f"nothing of the blog is in the namespace {platform.namespace}: use `make deploy`"
        return [Located("blog", Trouble("object-missing", platform.namespace, detail))]
    return [
        *_missing(platform, there),
        *_stuck(platform.namespace, there),
        *_twice(platform, there),
        *_not_ready(platform.namespace, there),
        *(Located("Pod", Trouble("program-down", *one)) for one in kept_from_starting(there.pods)),
    ]


def _missing(platform: Platform, there: Deployed) -> Iterator[Located]:
    bound = {each["spec"]["subject"].get("name") for each in there.of("SinkBinding")}
    wanted: Mapping[str, Iterable[str]] = {
        "Broker": platform.brokers,
        "Service": [each.name for each in platform.services],
        "SinkBinding": [each.name for each in platform.services if each.publishes],
        "PingSource": [each.name for each in platform.pings],
        "Trigger": [each.name for each in platform.triggers],
    }
    for kind, names in wanted.items():
        found = bound if kind == "SinkBinding" else {name_of(each) for each in there.of(kind)}
        for name in names:
            if name not in found:
                yield Located(kind, _is_missing(kind, name))


def _is_missing(kind: str, name: str) -> Trouble:
    if kind != "Trigger":
        return Trouble("object-missing", name, f"the manifests have it, the cluster not: {AGAIN}")
    detail = (
        f"the manifests have it, the cluster not, so its subscriber misses events: {AGAIN}; what"
        " was missed is caught up with from the histories"
    )
    return Trouble("trigger-missing", name, detail)


def _stuck(namespace: str, there: Deployed) -> Iterator[Located]:
    for name in stuck(there.of("SinkBinding"), there.of("Broker")):
        command = " ".join(["kubectl", *waking(name, namespace, "$(date +%s)")])
        detail = (
            "Knative has not looked at it since its Broker was made again, so K_SINK leads nowhere"
            f" or astray: use `make deploy`, or wake it with: {command}"
        )
        yield Located("SinkBinding", Trouble("sink-binding-stuck", name, detail))


def _twice(platform: Platform, there: Deployed) -> Iterator[Located]:
    names = {each.name for each in platform.triggers}
    for kept in there.stale:
        detail = (
            f"the channel {kept.channel} still delivers to a deleted Trigger of that name, and each"
            " event becomes a dead letter: `make deploy` removes what was kept"
        )
        yield Located("Trigger", Trouble("trigger-twice", kept.trigger, detail))
    known = {_wiring(one): name_of(one) for one in there.of("Trigger") if name_of(one) in names}
    for one in there.of("Trigger"):
        first = known.get(_wiring(one))
        if first is not None and name_of(one) not in names:
            detail = (
                f"the Trigger {name_of(one)} delivers the same events to the same subscriber:"
                f" kubectl delete trigger {name_of(one)} -n {platform.namespace}"
            )
            yield Located("Trigger", Trouble("trigger-twice", first, detail))


def _wiring(trigger: Object) -> str:
    """Which events go whither, in one text that is equal for equals."""
    spec = trigger["spec"]
    old = spec.get("filter", {}).get("attributes")
    filters = spec.get("filters") or ([{"exact": old}] if old else [])
    to: Mapping[str, Any] = spec.get("subscriber", {})
    ref = to.get("ref", {})
    return repr(
        (spec.get("broker"), _ordered(filters), ref.get("kind"), ref.get("name"), to.get("uri"))
    )


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((name, _ordered(each)) for name, each in value.items())
    return [_ordered(each) for each in value] if isinstance(value, list) else value


def _not_ready(namespace: str, there: Deployed) -> Iterator[Located]:
    forgotten = set(stuck(there.of("SinkBinding"), there.of("Broker")))
    for kind, resource in KINDS.items():
        for one in there.of(kind):
            if holds(one, "Ready") or (kind == "SinkBinding" and name_of(one) in forgotten):
                continue
            more = f"kubectl describe {resource} {name_of(one)} -n {namespace}"
            yield Located(kind, Trouble("not-ready", name_of(one), f"{explanation(one)}: {more}"))
