"""PingSources: when they send, what they send, and that a sink may fail a few times."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice

import pytest

from broker.manifests import Destination, Ping
from broker.outcome import Answer, NoAnswer
from broker.ping import Pinger, ping_event, times
from broker.send import Sender, open_session
from eventing.cloudevent import CloudEvent
from tests.conformance.probe import Answer as Said
from tests.conformance.probe import Probe

SINK = Destination("posts", "/")


def a_ping(schedule: str, timezone: str | None = None) -> Ping:
    """A PingSource `sweep`."""
    return Ping("sweep", schedule, timezone, "application/json", b'{"a": 1}', SINK)


@pytest.mark.parametrize(
    ("schedule", "timezone", "expected"),
    [
        ("*/15 * * * *", None, ["2026-03-28T23:00", "2026-03-28T23:15"]),
        ("0 3 * * *", None, ["2026-03-29T03:00", "2026-03-30T03:00"]),
        ("0 9 * * *", "Europe/Berlin", ["2026-03-29T07:00", "2026-03-30T07:00"]),
        ("0 9 * * *", "America/New_York", ["2026-03-29T13:00", "2026-03-30T13:00"]),
        ("30 8 * * 1", None, ["2026-03-30T08:30", "2026-04-06T08:30"]),
    ],
)
def test_a_schedule_is_read_in_its_time_zone(
    schedule: str, timezone: str | None, expected: list[str]
) -> None:
    start = datetime(2026, 3, 28, 22, 50, tzinfo=UTC)
    coming = islice(times(a_ping(schedule, timezone), start), 2)
    assert [f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}" for at in coming] == expected


def test_a_ping_is_the_event_that_knative_sends() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    event = ping_event(a_ping("* * * * *"), "blog", at)
    assert event.attributes() == {
        "specversion": "1.0",
        "id": event.id,
        "type": "dev.knative.sources.ping",
        "source": "/apis/v1/namespaces/blog/pingsources/sweep",
        "time": "2026-01-02T03:04:05.000000Z",
        "datacontenttype": "application/json",
    }
    assert json.loads(event.data) == {"a": 1}


def test_each_ping_has_an_id_of_its_own() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    assert len({ping_event(a_ping("* * * * *"), "blog", at).id for _ in range(9)}) == 9


def test_a_sink_that_fails_gets_the_same_ping_again() -> None:
    probe = Probe()
    probe.script("/", Said(503), Said(404), Said(202))

    async def send() -> None:
        async with open_session() as session:
            pinger = Pinger(a_ping("* * * * *"), f"{probe.url}/", Sender(session, "blog"), "blog")
            await pinger.send(datetime.now(UTC))

    asyncio.run(send())
    received = probe.received("/")
    probe.close()
    assert len({each.event.id for each in received}) == 1
    assert len(received) == 3


class DeadWire:
    """A wire on which nobody is there."""

    def __init__(self) -> None:
        self.sent = 0

    async def send(
        self, url: str, event: CloudEvent, *, headers: Mapping[str, str], within: float | None
    ) -> Answer | NoAnswer:
        """Fail."""
        del url, event, headers, within
        self.sent += 1
        return NoAnswer("nobody", timed_out=False)


def test_a_sink_that_is_not_there_is_given_up_after_six_attempts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wire = DeadWire()
    pinger = Pinger(a_ping("* * * * *"), "http://127.0.0.1:9/", wire, "blog")
    asyncio.run(pinger.send(datetime.now(UTC)))
    assert wire.sent == 6
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 6 + ["ERROR"]
