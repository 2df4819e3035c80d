"""One attempt of a delivery: read, send, judge, record; changes when one of these steps does."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic

from broker.arrival import TTL, Arrival, Refused
from broker.changes import Delivered, Lost, Taken
from broker.dead_letter import dead_letter
from broker.intake import Intake
from broker.log import EventLog
from broker.outcome import Failed, Replied, ReplyRefused, is_retried, judge_sink, judge_subscriber
from broker.reading import Unreadable
from broker.records import NEVER_TRIED, Delivery, Failure, Stage, Stored
from broker.send import Sender
from broker.steps import End, Route, after_failure, after_sink_failure, after_sink_left
from eventing.cloudevent import CloudEvent
from eventing.logs import milliseconds

log = logging.getLogger("broker")


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Makes attempts; a reply goes to the `intake`."""

    log: EventLog
    sender: Sender
    intake: Intake
    routes: Mapping[str, Route]
    lost: Callable[[str], None]
    """Hears of events that the log cannot tell any more."""

    async def deliver(self, delivery: Delivery) -> bool:
        """Attempt once and record what follows; if that fails the delivery stays as it was.

        False when the attempt failed in a way that passes with time.
        """
        try:
            found = self.log.read(delivery)
        except Unreadable as error:
            await self.log.record(Lost(delivery))
            self.lost(str(error))
            return True
        if found is None:
            return True
        stored, failure = found
        started = monotonic()
        end = await self._attempt(delivery, stored, failure)
        await self.log.record(end.change)
        if isinstance(end.change, Delivered) and end.change.reply is not None:
            self.intake.tell(end.change.reply)
        _report(delivery, stored.event, end, monotonic() - started)
        return not end.passing

    async def _attempt(self, delivery: Delivery, stored: Stored, failure: Failure | None) -> End:
        route = self.routes[delivery.trigger]
        if failure is None or _is_for_subscriber(delivery, route, failure):
            return await self._to_subscriber(delivery, stored)
        if route.sink is None:
            return after_sink_left(delivery, failure, self.log.clock.due())
        return await self._to_sink(delivery, stored, failure)

    async def _to_subscriber(self, delivery: Delivery, stored: Stored) -> End:
        route = self.routes[delivery.trigger]
        headers = {**stored.headers, "Prefer": "reply"}
        result = await self.sender.send(
            route.subscriber, stored.event, headers=headers, within=route.spec.timeout
        )
        judged = judge_subscriber(result)
        outcome = self._take_reply(route, stored, judged) if isinstance(judged, Replied) else judged
        at = self.log.clock.due()
        match outcome:
            case Taken():
                return End("replied", Delivered(delivery, outcome))
            case ReplyRefused(status, reason):
                failed = Failed(reason, is_retried(status), status)
                return after_failure(delivery, route, failed, dest=route.broker_url, at=at)
            case Failed():
                return after_failure(delivery, route, outcome, dest=route.subscriber, at=at)
        return End("delivered", Delivered(delivery))

    def _take_reply(self, route: Route, stored: Stored, reply: Replied) -> Taken | ReplyRefused:
        """A reply goes on with the TTL of the event that it answers, whatever it says itself."""
        event = reply.event.with_extensions(**{TTL: str(stored.ttl)})
        try:
            return self.intake.admit(Arrival(route.broker, event, reply.headers))
        except Refused as refused:
            return ReplyRefused(refused.status, f"replied, but the broker refused it: {refused}")

    async def _to_sink(self, delivery: Delivery, stored: Stored, first: Failure) -> End:
        route = self.routes[delivery.trigger]
        result = await self.sender.send(
            str(route.sink),
            dead_letter(stored, first),
            headers=stored.headers,
            within=route.spec.timeout,
        )
        outcome = judge_sink(result)
        if isinstance(outcome, Failed):
            at = self.log.clock.due()
            return after_sink_failure(delivery, route, outcome, first=first, at=at)
        return End("dead letter", Delivered(delivery, to_sink=True), first.reason)


def _is_for_subscriber(delivery: Delivery, route: Route, failure: Failure) -> bool:
    """Also when it is kept and no sink can have it, or the subscriber never was asked."""
    if delivery.stage is not Stage.KEPT:
        return delivery.stage is Stage.SUBSCRIBER
    return route.sink is None or failure.attempts == NEVER_TRIED


def _report(delivery: Delivery, event: CloudEvent, end: End, duration: float) -> None:
    """One line for each attempt; never the data."""
    fields = {
        "trigger": delivery.trigger,
        "outcome": end.outcome,
        "type": event.type,
        "source": event.source,
        "id": event.id,
        "correlationid": event.extensions.get("correlationid"),
        "attempt": delivery.attempts + 1,
        "duration": milliseconds(duration),
    }
    if end.reason is None:
        log.info("delivery", extra={"fields": fields})
    else:
        log.warning("delivery", extra={"fields": {**fields, "reason": end.reason}})
