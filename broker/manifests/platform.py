"""The platform as the manifests describe it; changes when broker or runner must know more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from broker.filters import Filter

BackoffPolicy = Literal["exponential", "linear"]


@dataclass(frozen=True, slots=True)
class Destination:
    """A path on a Knative Service (`/` where none is given), or, without one, an absolute URI."""

    service: str | None
    uri: str


@dataclass(frozen=True, slots=True)
class DeliverySpec:
    """How a Trigger's events are delivered: times in seconds, attempts are `retry` + 1."""

    retry: int
    backoff_policy: BackoffPolicy
    backoff_delay: float
    timeout: float | None
    dead_letter_sink: Destination | None


@dataclass(frozen=True, slots=True)
class Trigger:
    """Which events of a Broker go to which subscriber."""

    name: str
    broker: str
    filter: Filter
    subscriber: Destination
    delivery: DeliverySpec


@dataclass(frozen=True, slots=True)
class Ping:
    """A PingSource: `data` goes to `sink` at each time that the cron `schedule` names."""

    name: str
    schedule: str
    timezone: str | None
    content_type: str | None
    data: bytes
    sink: Destination


@dataclass(frozen=True, slots=True)
class Service:
    """A Knative Service; `function` is None where it runs none.

    `broker` is the one that its SinkBinding gives it as K_SINK, None where there is no binding.
    `variables` names all that it reads of its environment, also where a Secret has the value.
    """

    name: str
    function: str | None
    env: Mapping[str, str]
    public: bool
    broker: str | None = None
    variables: frozenset[str] = frozenset()

    @property
    def publishes(self) -> bool:
        """Whether K_SINK is set."""
        return self.broker is not None


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything that runs, in the order of the manifests."""

    namespace: str
    brokers: tuple[str, ...]
    services: tuple[Service, ...]
    triggers: tuple[Trigger, ...]
    pings: tuple[Ping, ...]
