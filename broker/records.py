"""What the event log keeps, as values; changes when a delivery must remember more."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import IntEnum

from eventing.cloudevent import CloudEvent


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as taken in: without its TTL, which is kept beside it, and with its arrival time."""

    event: CloudEvent
    ttl: int
    headers: Mapping[str, str]


NEVER_TRIED = 0  # attempts of what had no subscriber, since its Trigger had left the manifests


class Stage(IntEnum):
    """How far a delivery has come: each stage begins with no attempts."""

    SUBSCRIBER = 0
    SINK = 1
    KEPT = 2
    """Neither took the event. What failed in a way that passes is tried again until it is taken, at
    the sink, or at the subscriber where there is none; what was refused waits for a person."""


@dataclass(frozen=True, slots=True, order=True)
class Delivery:
    """One event's way to a Trigger's subscriber, or on to its dead letter sink; first due first."""

    due: float
    event: int
    trigger: str
    stage: Stage = Stage.SUBSCRIBER
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a subscriber did not get an event, as its dead letter tells it.

    `code` is None where the broker itself refused the answer or waited in vain: then the dead
    letter carries no error extensions.
    """

    reason: str
    attempts: int
    dest: str
    code: int | None
    data: str
    sink: str = ""
    """Why the sink did not take the dead letter either; no dead letter tells it."""

    def to_json(self) -> str:
        """As the log keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Failure":
        """As the log kept it."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Dead:
    """An event that nobody took, as an operator sees it: attributes without data.

    `time` is when it was taken in, in UTC; `reason` says why the sink does not have it, too.
    """

    id: int
    trigger: str
    subscriber: str
    reason: str
    time: str
    attempts: int
    event: Mapping[str, str]


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC with microseconds, of seconds since 1970."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def attributes_to_json(event: CloudEvent) -> str:
    """The context attributes of an event, data left out."""
    return json.dumps(event.attributes(), separators=(",", ":"))


def event_from_json(attributes: str, data: bytes) -> CloudEvent:
    """The event with these attributes and this data, which came from the log."""
    members: dict[str, str] = json.loads(attributes)
    members.pop("specversion")
    known = {name: members.pop(name) for name in _FIELDS if name in members}
    return CloudEvent(**known, data=data, extensions=members)


_FIELDS = ("id", "source", "type", "datacontenttype", "subject", "time", "dataschema")
