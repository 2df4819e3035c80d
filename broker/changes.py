"""How the event log changes while an event is under way; changes when a delivery has a new step."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from sqlite3 import Connection
from typing import Protocol

from broker.records import Delivery, Failure, Stored, attributes_to_json

COUNTS = ("delivered", "dead_lettered", "waiting", "retrying", "dead")


class Batch:
    """One transaction's statements, and the counts that they move."""

    def __init__(self, connection: Connection) -> None:
        self.run = connection.execute
        self._tally: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def count(self, trigger: str, name: str, by: int = 1) -> None:
        """Move one count of a Trigger when the transaction ends."""
        self._tally[trigger][name] += by

    def leave(self, delivery: Delivery) -> None:
        """The delivery is no longer counted where it stands."""
        started = delivery.to_sink or delivery.attempts > 0
        self.count(delivery.trigger, "retrying" if started else "waiting", -1)

    def remove(self, delivery: Delivery) -> None:
        """The delivery is done with, and its event too when it was the last one."""
        self.leave(delivery)
        where = (delivery.trigger, delivery.event)
        self.run("DELETE FROM delivery WHERE trigger = ? AND event = ?", where)
        self.run(_REMOVE_EVENT, (delivery.event,))

    def write_counts(self) -> None:
        """Write the moved counts: one row for each Trigger, however many events."""
        for trigger, moved in self._tally.items():
            self.run(_COUNT, (trigger, *(moved[name] for name in COUNTS)))


class Change(Protocol):
    """A change of the log: durable as a whole or not at all."""

    def apply(self, batch: Batch) -> None:
        """Run its statements."""

    def deliveries(self) -> tuple[Delivery, ...]:
        """What is to be delivered once the change is durable."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An event was taken in for these Triggers."""

    id: int
    stored: Stored
    triggers: tuple[str, ...]
    at: float

    def apply(self, batch: Batch) -> None:
        """Keep the event and a delivery for each Trigger; without any, nothing is kept."""
        if not self.triggers:
            return
        stored = self.stored
        attributes, headers = attributes_to_json(stored.event), json.dumps(dict(stored.headers))
        row = (self.id, self.at, attributes, stored.ttl, headers, stored.event.data)
        batch.run("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", row)
        for trigger in self.triggers:
            batch.run(
                "INSERT INTO delivery VALUES (?, ?, 0, 0, ?, NULL)", (trigger, self.id, self.at)
            )
            batch.count(trigger, "waiting")

    def deliveries(self) -> tuple[Delivery, ...]:
        """One for each Trigger, due now."""
        return tuple(Delivery(self.at, self.id, trigger) for trigger in self.triggers)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The subscriber, or the sink, took the event; its reply comes in with the same commit."""

    delivery: Delivery
    reply: Taken | None = None

    def apply(self, batch: Batch) -> None:
        """Take the delivery away, and the event with its last one; take the reply in."""
        if self.reply is not None:
            self.reply.apply(batch)
        to_sink = self.delivery.to_sink
        batch.count(self.delivery.trigger, "dead_lettered" if to_sink else "delivered")
        batch.remove(self.delivery)

    def deliveries(self) -> tuple[Delivery, ...]:
        """Those of the reply."""
        return () if self.reply is None else self.reply.deliveries()


@dataclass(frozen=True, slots=True)
class Postponed:
    """An attempt failed and the next one is due later."""

    delivery: Delivery
    due: float

    def apply(self, batch: Batch) -> None:
        """Count the attempt and move the due time."""
        batch.leave(self.delivery)
        batch.count(self.delivery.trigger, "retrying")
        [again] = self.deliveries()
        batch.run(
            "UPDATE delivery SET attempts = ?, due = ? WHERE trigger = ? AND event = ?",
            (again.attempts, again.due, again.trigger, again.event),
        )

    def deliveries(self) -> tuple[Delivery, ...]:
        """The same delivery, one attempt later."""
        attempts = self.delivery.attempts + 1
        return (replace(self.delivery, attempts=attempts, due=self.due),)


@dataclass(frozen=True, slots=True)
class SentToSink:
    """The subscriber failed for good: the event goes on to the dead letter sink."""

    delivery: Delivery
    failure: Failure
    due: float

    def apply(self, batch: Batch) -> None:
        """Turn the delivery towards the sink, with attempts of its own."""
        batch.leave(self.delivery)
        batch.count(self.delivery.trigger, "retrying")
        batch.run(
            "UPDATE delivery SET to_sink = 1, attempts = 0, due = ?, failure = ?"
            " WHERE trigger = ? AND event = ?",
            (self.due, self.failure.to_json(), self.delivery.trigger, self.delivery.event),
        )

    def deliveries(self) -> tuple[Delivery, ...]:
        """The one to the sink."""
        return (Delivery(self.due, self.delivery.event, self.delivery.trigger, to_sink=True),)


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
