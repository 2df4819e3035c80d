"""Why an event exists: the request that began it all, and the event that led to it."""

import re
from dataclasses import dataclass
from random import getrandbits

from werkzeug.datastructures import Headers

from eventing.cloudevent import CloudEvent

_CORRELATION = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Cause:
    """What the events of one command or one delivery have in common."""

    correlationid: str
    causationid: str | None = None
    traceparent: str | None = None

    @classmethod
    def of_request(cls, headers: Headers) -> "Cause":
        """The caller's own X-Correlation-Id, else X-Request-Id, if it is fit; else a new id."""
        given = headers.get("X-Correlation-Id") or headers.get("X-Request-Id") or ""
        correlationid = given if _CORRELATION.fullmatch(given) else _new_id()
        return cls(correlationid, traceparent=_trace(headers.get("Traceparent")))

    @classmethod
    def of_event(cls, event: CloudEvent) -> "Cause":
        """What `event` leads to; an event without a correlation id begins one."""
        given = event.extensions.get("correlationid", "")
        correlationid = given if _CORRELATION.fullmatch(given) else _new_id()
        return cls(correlationid, event.id, _trace(event.extensions.get("traceparent")))

    def extensions(self, partitionkey: str) -> dict[str, str]:
        """The extension attributes of an event with this cause."""
        every = {
            "partitionkey": partitionkey,
            "correlationid": self.correlationid,
            "causationid": self.causationid,
            "traceparent": self.traceparent,
        }
        return {name: value for name, value in every.items() if value is not None}


def _new_id() -> str:
    # Told apart, not kept secret; and no system call, in which other threads take their turn.
    return f"{getrandbits(64):016x}"


def _trace(value: str | None) -> str | None:
    return value if value and _TRACEPARENT.fullmatch(value) else None
