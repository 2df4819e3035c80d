"""What happens to an event at a function: checked, given to the code that subscribed, answered."""

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from werkzeug.datastructures import Headers

from eventing.answer import Answer
from eventing.cloudevent import (
    BatchRefused,
    CloudEvent,
    InvalidEvent,
    is_json,
    read_event,
    write_binary,
)
from eventing.patience import step_aside
from eventing.problem import BadRequest, Fault, Invalid, UnsupportedMediaType
from eventing.strictjson import NotJSON, parse_json
from eventing.text import is_storable

PING = "dev.knative.sources.ping"

TAKEN = Answer(202)
"""Applied, a duplicate, stale, or of a type that is not known here: the broker need not know."""


class EventKind(Protocol):
    """A kind of event: its source, its type, and the class of its data."""

    @property
    def source(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def data(self) -> builtins.type: ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """Events of this kind go to `apply`, with their data; what it returns is the reply."""

    kind: EventKind
    apply: Callable[[CloudEvent, Any], CloudEvent | None]


class Subscriber:
    """Takes events in at `POST /`; `sweep` is what a ping asks for."""

    def __init__(
        self, subscriptions: Sequence[Subscription], sweep: Callable[[], None] = lambda: None
    ) -> None:
        self._subscriptions = {(sub.kind.source, sub.kind.type): sub for sub in subscriptions}
        self._sweep = sweep

    def take(self, event: CloudEvent) -> Answer:
        """202, or 200 with a reply; Refused when the data is wrong."""
        if event.type == PING:
            step_aside()
            self._sweep()
            return TAKEN
        subscription = self._subscriptions.get((event.source, event.type))
        if subscription is None:
            return TAKEN
        reply = subscription.apply(event, _data(event, subscription.kind.data))
        return TAKEN if reply is None else _reply(reply)


def read(headers: Headers, body: bytes) -> CloudEvent:
    """The event in a request; Refused when there is not exactly one valid event."""
    try:
        return read_event(dict(headers.items()), body)
    except BatchRefused as error:
        raise UnsupportedMediaType(str(error)) from None
    except InvalidEvent as error:
        raise BadRequest(str(error)) from None


def _data(event: CloudEvent, kind: builtins.type) -> Any:
    """The event's data as a `kind`; it ignores members that it does not know."""
    if not is_json(event.datacontenttype):
        raise Invalid([Fault("", f"data must be JSON, not {event.datacontenttype}")])
    try:
        value = parse_json(event.data)
    except NotJSON as error:
        raise Invalid([Fault("", f"data is not JSON: {error}")]) from None
    if not is_storable(value):
        raise Invalid([Fault("", "data has a NUL or a lone surrogate")])
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Invalid([Fault("", f"data is no {kind.__name__}: {error}")]) from None


def _reply(event: CloudEvent) -> Answer:
    headers, body = write_binary(event)
    content_type = headers.pop("content-type")
    return Answer(200, body.decode(), content_type, headers)
