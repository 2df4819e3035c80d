"""Takes arrivals into the log; changes when what is told about them does."""

import logging
from collections.abc import Sequence
from time import time as now

from broker.arrival import Arrival, admit
from broker.changes import Taken
from broker.log import EventLog
from broker.manifests import Trigger

log = logging.getLogger("broker")


class Intake:
    """The one way in, for events and replies alike."""

    def __init__(self, event_log: EventLog, triggers: Sequence[Trigger]) -> None:
        self._log = event_log
        self._triggers = triggers

    def admit(self, arrival: Arrival) -> Taken:
        """The change that keeps the event; Refused when it may not come in."""
        return admit(arrival, self._triggers, number=self._log.next_id(), at=now())

    async def take(self, arrival: Arrival) -> None:
        """Return when the event is durable for every Trigger that wants it."""
        taken = self.admit(arrival)
        if taken.triggers:
            await self._log.record(taken)
        report_taken(taken, arrival.broker)


def report_taken(taken: Taken, broker: str) -> None:
    """One line for each event that came in; never the data."""
    event = taken.stored.event
    fields = {
        "broker": broker,
        "type": event.type,
        "source": event.source,
        "id": event.id,
        "correlationid": event.extensions.get("correlationid"),
        "triggers": list(taken.triggers),
        "duration": round(now() - taken.at, 4),
    }
    log.info("event taken in", extra={"fields": fields})
