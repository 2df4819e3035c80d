"""PingSources: an event whenever a schedule says so; changes when Knative's PingSource does."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from cronsim import CronSim

from broker.manifests import Ping
from broker.outcome import Answer, NoAnswer
from broker.records import timestamp
from broker.send import Wire
from eventing.cloudevent import CloudEvent

log = logging.getLogger("broker")

TYPE = "dev.knative.sources.ping"
# Before each attempt, as in knative/eventing `pkg/adapter/mtping/runner.go`.
PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)
TIME_OUT = 30.0
NAP = 30.0  # seconds; the clock may be set, and a laptop that slept does not count it as waiting
SET_BACK = timedelta(minutes=1)  # a clock is corrected by less; schedules know whole minutes


def times(ping: Ping, start: datetime) -> Iterator[datetime]:
    """When to send after `start`, in the schedule's time zone or UTC; without an end."""
    yield from CronSim(ping.schedule, start.astimezone(ZoneInfo(ping.timezone or "UTC")))


def ping_event(ping: Ping, namespace: str, at: datetime) -> CloudEvent:
    """The event as Knative's PingSource sends it, with an id of its own."""
    return CloudEvent(
        id=str(uuid4()),
        source=f"/apis/v1/namespaces/{namespace}/pingsources/{ping.name}",
        type=TYPE,
        data=ping.data,
        datacontenttype=ping.content_type,
        time=timestamp(at.timestamp()),
    )


def coming(ping: Ping, now: datetime, last: datetime | None) -> datetime:
    """When to send next. `last` is the time of the schedule for which it was sent last.

    A clock that was set back by a moment does not make that time come twice; one that was set back
    by more does, and then the schedule goes on from there.
    """
    is_just_before = last is not None and timedelta() <= last - now <= SET_BACK
    return next(times(ping, last if last is not None and is_just_before else now))


class Pinger:
    """Sends one PingSource's events to its sink. What failed is logged; the next one comes."""

    def __init__(
        self,
        ping: Ping,
        sink: str,
        wire: Wire,
        namespace: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        nap: float = NAP,
    ) -> None:
        self._ping = ping
        self._sink = sink
        self._wire = wire
        self._namespace = namespace
        self._clock = clock
        self._nap = nap

    async def run(self) -> None:
        """Send at each time of the schedule; times gone by while nobody ran are left out."""
        last = None
        while True:
            last = await self._wait(last)
            await self.send(self._clock())

    async def _wait(self, last: datetime | None) -> datetime:
        """Return the time that has come. The clock may be moved meanwhile, forth or back."""
        at = coming(self._ping, self._clock(), last)
        while (left := (at - (now := self._clock())).total_seconds()) > 0:
            at = min(at, coming(self._ping, now, last))
            await asyncio.sleep(min(left, self._nap))
        return at

    async def send(self, at: datetime) -> None:
        """Send one event, again a few times while it fails."""
        event = ping_event(self._ping, self._namespace, at)
        for attempt, pause in enumerate(PAUSES, start=1):
            await asyncio.sleep(pause)
            result = await self._wire.send(self._sink, event, headers={}, within=TIME_OUT)
            fields = {"ping": self._ping.name, "id": event.id, "attempt": attempt}
            failure = _failure(result)
            if failure is None:
                log.info("ping", extra={"fields": fields})
                return
            log.warning("ping failed", extra={"fields": {**fields, "reason": failure}})
        log.error("ping given up", extra={"fields": fields})


def _failure(result: Answer | NoAnswer) -> str | None:
    if isinstance(result, NoAnswer):
        return result.reason
    return None if 200 <= result.status < 300 else f"answered {result.status}"
