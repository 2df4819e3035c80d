"""The fields the local platform obeys, kind by kind; changes when it learns to obey another.

The shapes follow Knative's API reference; a field that is not here and not left to a cluster
(`cluster.py`) is refused.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

EVENTING = "eventing.knative.dev/v1"
SERVING = "serving.knative.dev/v1"
SOURCES = "sources.knative.dev/v1"

Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Strings = Mapping[str, str]


class Shape(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A mapping in a manifest: camel-case keys, no other key than these."""


class Nothing(Shape):
    """What remains of a field of which every key is left to a cluster."""


class Metadata(Shape):
    """Identity; `namespace` is the kustomization's to set, so it may only repeat it."""

    name: str
    namespace: str | None = None
    labels: Strings = {}
    annotations: Nothing = msgspec.field(default_factory=Nothing)


class Reference(Shape):
    """A `ref`, or a SinkBinding's `subject`."""

    api_version: str
    kind: str
    name: str
    namespace: str | None = None


class Target(Shape):
    """Where events go: a `ref`, a `uri`, or a `ref` with a relative `uri`."""

    ref: Reference | None = None
    uri: str | None = None


class Delivery(Shape):
    """A `delivery` block; durations are ISO 8601."""

    retry: Count = 0
    backoff_policy: Literal["exponential", "linear"] | None = None
    backoff_delay: str | None = None
    timeout: str | None = None
    dead_letter_sink: Target | None = None


class BrokerSpec(Shape):
    """A Broker's `spec`."""

    delivery: Delivery | None = None


class AttributesFilter(Shape):
    """The old `filter`; `broker/filters.py` reads what it holds."""

    attributes: Any = None


class TriggerSpec(Shape):
    """A Trigger's `spec`; `broker/filters.py` reads `filters`."""

    broker: str
    subscriber: Target
    filter: AttributesFilter | None = None
    filters: Any = None
    delivery: Delivery | None = None


class PingSpec(Shape):
    """A PingSource's `spec`; without a schedule it pings every minute, as Knative does."""

    sink: Target
    schedule: str = "* * * * *"
    timezone: str | None = None
    content_type: str | None = None
    data: str | None = None
    data_base64: str | None = msgspec.field(name="dataBase64", default=None)


class BindingSpec(Shape):
    """A SinkBinding's `spec`."""

    subject: Reference
    sink: Target


class Variable(Shape):
    """One entry of a container's `env`."""

    name: str
    value: str | None = None
    value_from: Nothing | None = None


class Mount(Shape):
    """One entry of a container's `volumeMounts`; the volume is a cluster's."""

    mount_path: str


class Container(Shape):
    """A container of a Service."""

    env: tuple[Variable, ...] = ()
    volume_mounts: tuple[Mount, ...] = ()


class PodSpec(Shape):
    """A Service's `spec.template.spec`."""

    containers: Annotated[tuple[Container, ...], msgspec.Meta(min_length=1, max_length=1)]


class Template(Shape):
    """A Service's `spec.template`."""

    spec: PodSpec


class ServiceSpec(Shape):
    """A Service's `spec`."""

    template: Template


class Broker(Shape):
    """Takes events in."""

    metadata: Metadata
    spec: BrokerSpec = msgspec.field(default_factory=BrokerSpec)


class Trigger(Shape):
    """Routes events."""

    metadata: Metadata
    spec: TriggerSpec


class PingSource(Shape):
    """Wakes a Service at set times."""

    metadata: Metadata
    spec: PingSpec


class SinkBinding(Shape):
    """Gives a Service K_SINK."""

    metadata: Metadata
    spec: BindingSpec


class KnativeService(Shape):
    """Runs a function, or the ingress."""

    metadata: Metadata
    spec: ServiceSpec


Object = Broker | Trigger | PingSource | SinkBinding | KnativeService

OBEYED: Mapping[tuple[str, str], type[Object]] = {
    (EVENTING, "Broker"): Broker,
    (EVENTING, "Trigger"): Trigger,
    (SOURCES, "PingSource"): PingSource,
    (SOURCES, "SinkBinding"): SinkBinding,
    (SERVING, "Service"): KnativeService,
}
