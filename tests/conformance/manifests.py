"""The suite's Triggers as manifests, for any broker; changes with what a test may ask of one."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.conformance.under_test import ProbeTrigger

Manifest = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ProbeAddress:
    """The probe as a manifest names it: the Service, and the URL at which the broker finds it."""

    ref: Mapping[str, str]
    url: str

    def subscriber(self, trigger: str) -> str:
        """Where the broker finds this Trigger's subscriber."""
        return f"{self.url}{subscriber_path(trigger)}"


def subscriber_path(trigger: str) -> str:
    """The path at which the probe is this Trigger's subscriber."""
    return f"/subscriber/{trigger}"


def sink_path(trigger: str) -> str:
    """The path at which the probe is this Trigger's dead letter sink."""
    return f"/sink/{trigger}"


def trigger_manifest(trigger: ProbeTrigger, probe: ProbeAddress) -> Manifest:
    """The Trigger, in no namespace yet."""
    spec: dict[str, object] = {"broker": "default", "subscriber": _subscriber(trigger, probe)}
    if trigger.attributes is not None:
        spec["filter"] = {"attributes": dict(trigger.attributes)}
    elif trigger.filters is not None:
        spec["filters"] = [dict(each) for each in trigger.filters]
    else:
        spec["filters"] = [{"exact": {"type": trigger.name}}]
    spec["delivery"] = {**trigger.delivery, **_sink(trigger, probe)}
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": {"name": trigger.name},
        "spec": spec,
    }


def _subscriber(trigger: ProbeTrigger, probe: ProbeAddress) -> Manifest:
    if trigger.subscriber is not None:
        return {"uri": trigger.subscriber}
    return {"ref": dict(probe.ref), "uri": subscriber_path(trigger.name)}


def _sink(trigger: ProbeTrigger, probe: ProbeAddress) -> Manifest:
    if trigger.sink is None:
        return {}
    if trigger.sink == "uri":
        return {"deadLetterSink": {"uri": f"{probe.url}{sink_path(trigger.name)}"}}
    return {"deadLetterSink": {"ref": dict(probe.ref), "uri": sink_path(trigger.name)}}
