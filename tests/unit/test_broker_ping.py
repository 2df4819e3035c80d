"""PingSources: when they send, what they send, and that a sink may fail a few times."""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
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


class TakingWire:
    """A wire on which everybody takes everything; it remembers when."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.at: list[str] = []

    async def send(
        self, url: str, event: CloudEvent, *, headers: Mapping[str, str], within: float | None
    ) -> Answer | NoAnswer:
        """Take it."""
        del url, event, headers, within
        self.at.append(f"{self._clock():%H:%M:%S}")
        return Answer(202, {}, b"")


class Wall:
    """A machine's clock: each look takes it on by a few seconds, and it is moved at some of them.

    `jumps` maps seconds that have truly gone by to how far the clock jumps then.
    """

    def __init__(self, start: str, jumps: Mapping[int, timedelta]) -> None:
        self.now = datetime.fromisoformat(f"2026-01-02T{start}+00:00")
        self._jumps = dict(jumps)
        self.elapsed = 0

    def __call__(self) -> datetime:
        self.elapsed += 1
        self.now += timedelta(seconds=1) + self._jumps.pop(self.elapsed, timedelta())
        return self.now


def pings(schedule: str, start: str, jumps: Mapping[int, timedelta], *, seconds: int) -> list[str]:
    """When, by the machine's clock, pings are sent in so many seconds."""

    async def run() -> list[str]:
        wall = Wall(start, jumps)
        wire = TakingWire(lambda: wall.now)
        pinger = Pinger(a_ping(schedule), "http://s/", wire, "blog", clock=wall, nap=0.0)
        task = asyncio.create_task(pinger.run())
        async with asyncio.timeout(10):
            while wall.elapsed < seconds:  # noqa: ASYNC110 - it goes on as it is looked at
                await asyncio.sleep(0)
        task.cancel()
        return wire.at

    return asyncio.run(run())


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("jumps", "expected"),
    [
        ({}, ["12:15", "12:30", "12:45", "13:00"]),
        ({420: -HOUR}, ["11:15", "11:30", "11:45", "12:00"]),
        ({1_500: -HOUR}, ["12:15", "11:30", "11:45", "12:00"]),
        ({420: HOUR}, ["13:07", "13:15", "13:30", "13:45", "14:00"]),
        ({902: timedelta(seconds=-5)}, ["12:15", "12:30", "12:45", "13:00"]),
        ({902: timedelta(seconds=-59)}, ["12:15", "12:30", "12:45"]),
        ({420: timedelta(days=-400)}, ["12:15", "12:30", "12:45", "13:00"]),
    ],
    ids=str,
)
def test_a_clock_that_is_moved_loses_no_ping_and_doubles_none(
    jumps: Mapping[int, timedelta], expected: list[str]
) -> None:
    sent = pings("*/15 * * * *", "12:00:00", jumps, seconds=3_620)
    assert [at[:5] for at in sent] == expected


def test_the_longest_pause_between_two_pings_is_that_of_the_schedule_whatever_the_clock_does() -> (
    None
):
    chance = random.Random(5)  # noqa: S311 - a repeatable history, no secret
    for _ in range(5):
        jump = timedelta(seconds=chance.randint(-90_000, -61))
        sent = pings("*/5 * * * *", "12:00:00", {chance.randint(1, 900): jump}, seconds=1_300)
        assert 3 <= len(sent) <= 5
