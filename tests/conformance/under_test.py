"""The seam between the suite and a broker: what a test may ask of any broker, local or real."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from typing import Literal, Protocol
from urllib.parse import urlsplit

from eventing.cloudevent import CloudEvent, write_binary
from tests.conformance.probe import Answer, Received

WITHIN = 60.0  # seconds for one answer: a real broker gives it after the whole chain
_ids = count(1)


@dataclass(frozen=True, slots=True)
class ProbeTrigger:
    """A Trigger whose subscriber is the probe; by default it wants the type of its own name.

    `sink` says how its dead letter sink, the probe too, is written in the manifest. `subscriber`
    is the URI of somebody else than the probe.
    """

    name: str
    filters: Sequence[Mapping[str, object]] | None = None
    attributes: Mapping[str, str] | None = None
    delivery: Mapping[str, object] = field(default_factory=dict)
    sink: Literal["ref", "uri"] | None = None
    subscriber: str | None = None


class BrokerUnderTest(Protocol):
    """A broker with the suite's Triggers installed; they stay as long as the broker."""

    @property
    def publish_url(self) -> str:
        """Where events are sent: `…/NAMESPACE/default`."""

    @property
    def own_url(self) -> str:
        """The address by which dead letters name the broker."""

    def subscriber_url(self, trigger: str) -> str:
        """The probe's address for this Trigger, as the broker calls it."""

    def answer(self, trigger: str, *answers: Answer) -> None:
        """How the probe answers as the subscriber of this Trigger; the last answer stays."""

    def answer_as_sink(self, trigger: str, *answers: Answer) -> None:
        """How the probe answers as the dead letter sink of this Trigger."""

    def deliveries(self, trigger: str, count: int = 0) -> list[Received]:
        """What the subscriber got, once it is at least `count` deliveries."""

    def dead_letters(self, trigger: str, count: int = 0) -> list[Received]:
        """What the dead letter sink got, once it is at least `count` deliveries."""

    def settle(self) -> None:
        """Return when no delivery is under way or to be retried."""


def an_event(type_: str, **attributes: str) -> CloudEvent:
    """An event with an id of its own; keywords are extensions."""
    data = json.dumps({"of": type_}).encode()
    return CloudEvent(
        id=f"event-{next(_ids)}",
        source="/conformance",
        type=type_,
        subject="ä 1",
        data=data,
        datacontenttype="application/json",
        extensions=attributes,
    )


def publish(
    broker: BrokerUnderTest, event: CloudEvent, headers: Mapping[str, str] | None = None
) -> int:
    """Send an event in binary mode; the status of the answer."""
    attributes, data = write_binary(event)
    return post(broker.publish_url, {**attributes, **(headers or {})}, data)


def post(url: str, headers: Mapping[str, str], body: bytes, *, within: float = WITHIN) -> int:
    """POST and forget everything but the status."""
    return request("POST", url, headers, body, within=within)[0]


def request(
    method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, within: float = WITHIN
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers in lower case, body."""
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port or 80, timeout=within)
    try:
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        answered = {name.lower(): value for name, value in response.getheaders()}
        return response.status, answered, response.read()
    finally:
        connection.close()
