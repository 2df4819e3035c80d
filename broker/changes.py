"""How the event log changes while an event is under way; changes when a delivery has a new step."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Protocol

from broker.clock import FOR_GOOD
from broker.records import NEVER_TRIED, Delivery, Failure, Stage, Stored, attributes_to_json

COUNTS = ("delivered", "dead_lettered", "waiting", "retrying", "dead")


class Batch:
    """One transaction's statements, and the counts that they move."""

    def __init__(self, connection: Connection) -> None:
        self.run = connection.execute
        self.removed = False
        self._tally: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def count(self, trigger: str, name: str, by: int = 1) -> None:
        """Move one count of a Trigger when the transaction ends."""
        self._tally[trigger][name] += by

    def remove(self, delivery: Delivery) -> None:
        """The delivery is done with, and its event too when it was the last one."""
        self.removed = True
        self.count(delivery.trigger, counted_as(delivery), -1)
        where = (delivery.trigger, delivery.event)
        self.run("DELETE FROM delivery WHERE trigger = ? AND event = ?", where)
        self.run(_REMOVE_EVENT, (delivery.event,))

    def write_counts(self) -> None:
        """Write the moved counts: one row for each Trigger, however many events."""
        for trigger, moved in self._tally.items():
            self.run(_COUNT, (trigger, *(moved[name] for name in COUNTS)))


def counted_as(delivery: Delivery) -> str:
    """The name of the count in which a delivery stands."""
    if delivery.stage is Stage.KEPT:
        return "dead"
    started = delivery.stage is Stage.SINK or delivery.attempts > 0
    return "retrying" if started else "waiting"


class Change(Protocol):
    """A change of the log: durable as a whole or not at all."""

    def apply(self, batch: Batch) -> None:
        """Run its statements."""

    def deliveries(self) -> tuple[Delivery, ...]:
        """What is to be delivered once the change is durable."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An event was taken in for these Triggers, `at` that time of the broker's clock."""

    id: int
    stored: Stored
    triggers: tuple[str, ...]
    at: float
    due: float

    def apply(self, batch: Batch) -> None:
        """Keep the event and a delivery for each Trigger; without any, nothing is kept."""
        if not self.triggers:
            return
        stored = self.stored
        attributes, headers = attributes_to_json(stored.event), json.dumps(dict(stored.headers))
        row = (self.id, self.at, attributes, stored.ttl, headers, stored.event.data)
        batch.run(_TAKE_IN, row)
        for trigger in self.triggers:
            batch.run(_DELIVER, (trigger, self.id, self.due))
            batch.count(trigger, "waiting")

    def deliveries(self) -> tuple[Delivery, ...]:
        """One for each Trigger, due now."""
        return tuple(Delivery(self.due, self.id, trigger) for trigger in self.triggers)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The subscriber, or the sink, took the event; its reply comes in with the same commit."""

    delivery: Delivery
    reply: Taken | None = None
    to_sink: bool = False

    def apply(self, batch: Batch) -> None:
        """Take the delivery away, and the event with its last one; take the reply in."""
        if self.reply is not None:
            self.reply.apply(batch)
        batch.count(self.delivery.trigger, "dead_lettered" if self.to_sink else "delivered")
        batch.remove(self.delivery)

    def deliveries(self) -> tuple[Delivery, ...]:
        """Those of the reply."""
        return () if self.reply is None else self.reply.deliveries()


@dataclass(frozen=True, slots=True)
class Lost:
    """The event cannot be read any more: nobody gets it from this log."""

    delivery: Delivery

    def apply(self, batch: Batch) -> None:
        """Take the delivery away."""
        batch.remove(self.delivery)

    def deliveries(self) -> tuple[Delivery, ...]:
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class Moved:
    """An attempt failed: the delivery goes on as `again`, later or to the next stage.

    `failure` is the subscriber's, for the dead letter; None while the subscriber is tried.
    """

    delivery: Delivery
    again: Delivery
    failure: Failure | None = None

    def apply(self, batch: Batch) -> None:
        """Replace the one by the other."""
        batch.count(self.delivery.trigger, counted_as(self.delivery), -1)
        batch.count(self.again.trigger, counted_as(self.again))
        failure = None if self.failure is None else self.failure.to_json()
        again = self.again
        batch.run(
            _MOVE, (again.stage, again.attempts, again.due, failure, again.trigger, again.event)
        )

    def deliveries(self) -> tuple[Delivery, ...]:
        """The one that is left."""
        return (self.again,)


@dataclass(frozen=True, slots=True)
class Resumed:
    """The broker starts, with these Triggers: what waited for a person is tried once more.

    What waits for a Trigger that has left the manifests is kept, in case that comes back. `at` is
    the due time that has come.
    """

    known: Collection[str]
    at: float

    def apply(self, batch: Batch) -> None:
        """Move the due times, and what has nobody to go to."""
        failure = Failure("its Trigger is no longer in the manifests", NEVER_TRIED, "", None, "")
        values = {
            "known": json.dumps(list(self.known)),
            "at": self.at,
            "why": failure.to_json(),
            "for_good": FOR_GOOD,
        }
        for statement in (_TRY_ONCE_MORE, _KEEP_ORPHANS, _COUNT_ORPHANS):
            batch.run(statement, values)

    def deliveries(self) -> tuple[Delivery, ...]:
        """None: the lanes, which start later, find them."""
        return ()


_TAKE_IN = """
INSERT INTO event (id, accepted, attributes, ttl, headers, data) VALUES (?, ?, ?, ?, ?, ?)
"""
_DELIVER = "INSERT INTO delivery (trigger, event, stage, attempts, due) VALUES (?, ?, 0, 0, ?)"
_MOVE = """
UPDATE delivery SET stage = ?, attempts = ?, due = ?, failure = coalesce(?, failure)
WHERE trigger = ? AND event = ?
"""
_TRY_ONCE_MORE = "UPDATE delivery SET due = :at WHERE stage = 2 AND due >= :for_good"
_KEEP_ORPHANS = """
UPDATE delivery SET stage = 2, attempts = 0, due = :for_good, failure = coalesce(failure, :why)
WHERE trigger NOT IN (SELECT value FROM json_each(:known))
"""
_COUNT_ORPHANS = """
UPDATE tally SET dead = dead + waiting + retrying, waiting = 0, retrying = 0
WHERE trigger NOT IN (SELECT value FROM json_each(:known))
"""
_COUNT = """
INSERT INTO tally (trigger, delivered, dead_lettered, waiting, retrying, dead)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    delivered = delivered + excluded.delivered,
    dead_lettered = dead_lettered + excluded.dead_lettered,
    waiting = waiting + excluded.waiting,
    retrying = retrying + excluded.retrying,
    dead = dead + excluded.dead
"""
_REMOVE_EVENT = """
DELETE FROM event WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM delivery WHERE event = ?1)
"""
