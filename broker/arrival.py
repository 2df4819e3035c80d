"""How an event becomes one that the broker keeps; changes when Knative's ingress rules do."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from broker.changes import Taken
from broker.clock import Moment
from broker.manifests import Trigger
from broker.records import Stored, timestamp
from eventing.cloudevent import CloudEvent

TTL = "knativebrokerttl"
ARRIVAL_TIME = "knativearrivaltime"
FIRST_TTL = 255
SIZE_LIMIT = 1_048_576  # bytes of a request's or a reply's body

_PASSED_ON = re.compile(r"x-request-id|retry-after|knative-.*|x-b3-.*", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d{1,10}", re.ASCII)


class Refused(Exception):
    """The ingress does not take the event, and says so with this status."""

    def __init__(
        self, status: int, reason: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event at the door of a Broker, with the headers that came with it."""

    broker: str
    event: CloudEvent
    headers: Mapping[str, str]


def admit(arrival: Arrival, triggers: Sequence[Trigger], *, number: int, at: Moment) -> Taken:
    """The event as the log keeps it, for the Triggers whose filter lets it through.

    Filters see the arrival time and not the TTL, as subscribers do. Refused (400) when the TTL
    is used up.
    """
    ttl = remaining_ttl(arrival.event.extensions.get(TTL))
    if ttl == 0:
        raise Refused(400, f"{TTL} is used up: the event has been through too many replies")
    event = arrival.event.with_extensions(**{ARRIVAL_TIME: timestamp(at.wall), TTL: None})
    matching = [t.name for t in triggers if t.broker == arrival.broker and t.filter(event)]
    stored = Stored(event, ttl, passed_on(arrival.headers))
    return Taken(number, stored, tuple(matching), at.taken, at.due)


def remaining_ttl(text: str | None) -> int:
    """One less than the event carries, never below 0; without a readable number the first one."""
    if text is None or not _NUMBER.fullmatch(text):
        return FIRST_TTL
    return max(0, int(text) - 1)


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """The few headers that go through a broker (knative/eventing `pkg/utils/headers.go`)."""
    return {name: value for name, value in headers.items() if _PASSED_ON.fullmatch(name)}
