"""How an event that nobody takes is kept; changes when a dead event must tell more."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from broker.changes import Batch
from broker.records import Delivery, Failure


@dataclass(frozen=True, slots=True)
class Buried:
    """Nobody takes the event: it is kept under its Trigger's name."""

    delivery: Delivery
    subscriber: str
    failure: Failure
    at: float

    def apply(self, batch: Batch) -> None:
        """Move the event to the dead."""
        failure, trigger = self.failure, self.delivery.trigger
        batch.count(trigger, "dead")
        told = (trigger, self.subscriber, failure.reason, self.at, failure.attempts)
        batch.run(_BURY, (*told, self.delivery.event))
        batch.remove(self.delivery)

    def deliveries(self) -> tuple[Delivery, ...]:
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class Orphaned:
    """Only these Triggers are in the manifests: what waits for others is kept with the dead."""

    known: Collection[str]
    at: float

    def apply(self, batch: Batch) -> None:
        """Bury every delivery of a Trigger that is not known."""
        values = {"known": json.dumps(list(self.known)), "at": self.at}
        for statement in (_BURY_ORPHANS, _REMOVE_ORPHANS, _COUNT_ORPHANS):
            batch.run(statement, values)
        batch.run("DELETE FROM event WHERE id NOT IN (SELECT event FROM delivery)")

    def deliveries(self) -> tuple[Delivery, ...]:
        """None."""
        return ()


_BURY = """
INSERT INTO dead (trigger, subscriber, reason, time, attempts, attributes, ttl, headers, data)
SELECT ?, ?, ?, ?, ?, attributes, ttl, headers, data FROM event WHERE id = ?
"""
_BURY_ORPHANS = """
INSERT INTO dead (trigger, subscriber, reason, time, attempts, attributes, ttl, headers, data)
SELECT
    trigger, '', 'its Trigger is no longer in the manifests', :at,
    attempts, attributes, ttl, headers, data
FROM delivery JOIN event ON event.id = delivery.event
WHERE trigger NOT IN (SELECT value FROM json_each(:known))
"""
_REMOVE_ORPHANS = """
DELETE FROM delivery WHERE trigger NOT IN (SELECT value FROM json_each(:known))
"""
_COUNT_ORPHANS = """
UPDATE tally SET dead = dead + waiting + retrying, waiting = 0, retrying = 0
WHERE trigger NOT IN (SELECT value FROM json_each(:known))
"""
