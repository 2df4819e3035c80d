"""One attempt of a delivery: read, send, judge, record; changes when one of these steps does."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import time as now

from broker.arrival import TTL, Arrival, Refused
from broker.changes import Delivered, Taken
from broker.dead_letter import dead_letter
from broker.intake import Intake
from broker.log import EventLog
from broker.outcome import Failed, Replied, ReplyRefused, is_retried, judge_sink, judge_subscriber
from broker.records import Delivery, Failure, Stored
from broker.send import Sender
from broker.steps import End, Route, after_failure, after_sink_failure, without_sink
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

    async def deliver(self, delivery: Delivery) -> None:
        """Attempt once and record what follows; if that fails the delivery stays as it was."""
        found = self.log.read(delivery)
        if found is None:
            return
        stored, failure = found
        started = now()
        if failure is None:
            end = await self._to_subscriber(delivery, stored)
        else:
            end = await self._to_sink(delivery, stored, Failure.from_json(failure))
        await self.log.record(end.change)
        if isinstance(end.change, Delivered) and end.change.reply is not None:
            self.intake.tell(end.change.reply)
        _report(delivery, stored.event, end, now() - started)

    async def _to_subscriber(self, delivery: Delivery, stored: Stored) -> End:
        route = self.routes[delivery.trigger]
        headers = {**stored.headers, "Prefer": "reply"}
        result = await self.sender.send(
            route.subscriber, stored.event, headers=headers, within=route.spec.timeout
        )
        judged = judge_subscriber(result)
        outcome = self._take_reply(route, stored, judged) if isinstance(judged, Replied) else judged
        match outcome:
            case Taken():
                return End("replied", Delivered(delivery, outcome))
            case ReplyRefused(status, reason):
                failed = Failed(reason, is_retried(status), status)
                return after_failure(delivery, route, failed, dest=route.broker_url, at=now())
            case Failed():
                return after_failure(delivery, route, outcome, dest=route.subscriber, at=now())
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
        if route.sink is None:
            return without_sink(delivery, first, now())
        result = await self.sender.send(
            route.sink,
            dead_letter(stored, first),
            headers=stored.headers,
            within=route.spec.timeout,
        )
        outcome = judge_sink(result)
        if isinstance(outcome, Failed):
            return after_sink_failure(delivery, route, outcome, first=first, at=now())
        return End("dead letter", Delivered(delivery), first.reason)


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
