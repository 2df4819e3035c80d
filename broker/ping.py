"""PingSources: an event whenever a schedule says so; changes when Knative's PingSource does."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from cronsim import CronSim

from broker.manifests import Ping
from broker.outcome import Answer, NoAnswer
from broker.records import timestamp
from broker.send import Sender
from eventing.cloudevent import CloudEvent

log = logging.getLogger("broker")

TYPE = "dev.knative.sources.ping"
RETRIES = 5  # knative/eventing `pkg/adapter/mtping/runner.go`, and so is the first pause
FIRST_PAUSE = 0.05
TIME_OUT = 30.0
NAP = 30.0  # a laptop that slept does not count it as waiting: look at the clock again


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


class Pinger:
    """Sends one PingSource's events to its sink. What failed is logged; the next one comes."""

    def __init__(self, ping: Ping, sink: str, sender: Sender, namespace: str) -> None:
        self._ping = ping
        self._sink = sink
        self._sender = sender
        self._namespace = namespace

    async def run(self) -> None:
        """Send at each time of the schedule; times gone by while nobody ran are left out."""
        while True:
            now = datetime.now(UTC)
            await _sleep_until(next(times(self._ping, now)))
            await self.send(datetime.now(UTC))

    async def send(self, at: datetime) -> None:
        """Send one event, again a few times while it fails."""
        event = ping_event(self._ping, self._namespace, at)
        for attempt in range(RETRIES + 1):
            result = await self._sender.send(self._sink, event, headers={}, within=TIME_OUT)
            failure = _failure(result)
            fields = {"ping": self._ping.name, "id": event.id, "attempt": attempt + 1}
            if failure is None:
                log.info("ping", extra={"fields": fields})
                return
            log.warning("ping failed", extra={"fields": {**fields, "reason": failure}})
            await asyncio.sleep(FIRST_PAUSE * 2**attempt)


def _failure(result: Answer | NoAnswer) -> str | None:
    if isinstance(result, NoAnswer):
        return result.reason
    return None if 200 <= result.status < 300 else f"answered {result.status}"


async def _sleep_until(at: datetime) -> None:
    while (left := (at - datetime.now(UTC)).total_seconds()) > 0:  # noqa: ASYNC110 - a clock
        await asyncio.sleep(min(left, NAP))
