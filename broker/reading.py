"""What can be read of the event log; changes when somebody must see more of it."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from broker.changes import COUNTS
from broker.clock import FOR_GOOD, Kept
from broker.logfile import is_damage
from broker.records import Dead, Delivery, Failure, Stage, Stored, event_from_json


class LogReader:
    """Reads with a connection of its own, so that reading never waits for the disk."""

    def __init__(self, reader: sqlite3.Connection) -> None:
        self._reader = reader

    def damaged(self, reason: str) -> None:
        """The file turned out to be damaged."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Notice damage that shows in the block; its error goes on."""
        try:
            yield
        except sqlite3.Error as error:
            if is_damage(error):
                self.damaged(str(error))
            raise

    def read(self, delivery: Delivery) -> tuple[Stored, str | None] | None:
        """The event of a delivery and the failure kept with it; None when it is done."""
        with self.watching():
            row = self._reader.execute(_READ, (delivery.trigger, delivery.event)).fetchone()
        if row is None:
            return None
        attributes, data, ttl, headers, failure = row
        return Stored(event_from_json(attributes, data), ttl, json.loads(headers)), failure

    def first_due(self, trigger: str, stage: Stage, limit: int) -> list[Delivery]:
        """The deliveries of a Trigger at this stage that are due first, but for those of no time.

        What waits for a person is never due.
        """
        with self.watching():
            rows = self._reader.execute(_FIRST_DUE, (trigger, stage, FOR_GOOD, limit)).fetchall()
        return [Delivery(due, event, trigger, stage, attempts) for event, attempts, due in rows]

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """For each Trigger what was delivered, waits, is retried, is dead."""
        with self.watching():
            rows = self._reader.execute(_COUNTS).fetchall()
        return {trigger: dict(zip(COUNTS, counts, strict=True)) for trigger, *counts in rows}

    def waiting_for_person(self, trigger: str) -> int:
        """How many events of a Trigger were refused by whoever could have taken them."""
        with self.watching():
            [count] = self._reader.execute(_FOR_PERSON, (trigger, FOR_GOOD)).fetchone()
        return int(count)

    def oldest(self, trigger: str) -> float | None:
        """When, by the broker's clock, the oldest event came that this Trigger has to deliver."""
        with self.watching():
            row = self._reader.execute(_OLDEST, (trigger,)).fetchone()
        return None if row is None else float(row[0])

    def dead(self, trigger: str | None, after: Dead | None = None) -> list[Dead]:
        """A page of what nobody took, of one Trigger or of all, oldest first.

        A page, because a statement left open would show this connection an old state.
        """
        id_, name = (after.id, after.trigger) if after else (0, "")
        values = {"trigger": trigger, "id": id_, "name": name}
        with self.watching():
            rows = self._reader.execute(_DEAD, values).fetchall()
        return [_dead(row) for row in rows]

    def kept_times(self) -> Kept:
        """What the log knows about time. It asks indexes alone, however much waits."""
        with self.watching():
            boot, ahead = self._reader.execute(_CLOCK).fetchone() or ("", 0.0)
            [newest] = self._reader.execute(_NEWEST).fetchone()
            [latest] = self._reader.execute(_LATEST_DUE, (FOR_GOOD,)).fetchone()
        return Kept(boot, ahead, newest or 0.0, latest or 0.0)

    def last_id(self) -> int:
        """The number of the newest event, 0 if there is none."""
        [last] = self._reader.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()
        return int(last)


def _dead(row: tuple[int, str, str, str]) -> Dead:
    number, trigger, attributes, told = row
    failure, event = Failure.from_json(told), json.loads(attributes)
    reason = "; ".join(filter(None, (failure.reason, failure.sink)))
    time = event.get("knativearrivaltime", "")
    return Dead(number, trigger, failure.dest, reason, time, failure.attempts, event)


_READ = """
SELECT attributes, data, ttl, headers, failure
FROM delivery JOIN event ON event.id = delivery.event
WHERE trigger = ? AND event = ?
"""
_FIRST_DUE = """
SELECT event, attempts, due FROM delivery
WHERE trigger = ? AND stage = ? AND due < ? ORDER BY due, event LIMIT ?
"""
_COUNTS = "SELECT trigger, delivered, dead_lettered, waiting, retrying, dead FROM tally"
_FOR_PERSON = "SELECT count(*) FROM delivery WHERE trigger = ? AND stage = 2 AND due >= ?"
_OLDEST = """
SELECT accepted FROM event
WHERE id = (SELECT min(event) FROM delivery WHERE trigger = ?)
"""
_DEAD = """
SELECT event, trigger, attributes, failure
FROM delivery JOIN event ON event.id = delivery.event
WHERE stage = 2 AND (event, trigger) > (:id, :name) AND (:trigger IS NULL OR trigger = :trigger)
ORDER BY event, trigger LIMIT 200
"""
_CLOCK = "SELECT boot, ahead FROM clock LIMIT 1"
_NEWEST = """
SELECT max(accepted) FROM event WHERE id IN (
    SELECT max(id) FROM event
    UNION SELECT (SELECT min(event) FROM delivery WHERE delivery.trigger = tally.trigger) FROM tally
)
"""
_LATEST_DUE = """
SELECT max(latest) FROM (
    SELECT (
        SELECT max(due) FROM delivery
        WHERE delivery.trigger = tally.trigger AND delivery.stage = stages.stage AND due < ?
    ) AS latest
    FROM tally, (SELECT 0 AS stage UNION SELECT 1 UNION SELECT 2) AS stages
)
"""
