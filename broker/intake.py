"""Takes arrivals into the log; changes when what is told about them does."""

import logging
from collections.abc import Sequence

from broker.arrival import Arrival, admit
from broker.changes import Taken
from broker.log import EventLog
from broker.manifests import Trigger
from broker.watch import Watch
from eventing.logs import milliseconds

log = logging.getLogger("broker")


class Intake:
    """The one way in, for events and replies alike."""

    def __init__(self, event_log: EventLog, triggers: Sequence[Trigger], watch: Watch) -> None:
        self._log = event_log
        self._triggers = triggers
        self._watch = watch

    def admit(self, arrival: Arrival) -> Taken:
        """The change that keeps the event; Refused when it may not come in."""
        return admit(
            arrival, self._triggers, number=self._log.next_id(), at=self._log.clock.moment()
        )

    async def take(self, arrival: Arrival) -> None:
        """Return when the event is durable for every Trigger that wants it."""
        taken = self.admit(arrival)
        if taken.triggers:
            await self._log.record(taken)
        self.tell(taken)

    def tell(self, taken: Taken) -> None:
        """One line for each event that came in, never the data; and whoever looks on sees it."""
        event = taken.stored.event
        fields = {
            "type": event.type,
            "source": event.source,
            "id": event.id,
            "correlationid": event.extensions.get("correlationid"),
            "outcome": "taken in",
            "triggers": list(taken.triggers),
            "duration": milliseconds(self._log.clock.now() - taken.at),
        }
        log.info("event", extra={"fields": fields})
        self._watch.show(taken)
