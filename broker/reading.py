"""What can be read of the event log; changes when somebody must see more of it."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from broker.changes import COUNTS
from broker.clock import FOR_GOOD, Kept
from broker.logfile import is_damage
from broker.records import NEVER_TRIED, Dead, Delivery, Failure, Stage, Stored, event_from_json

Values = Sequence[object] | Mapping[str, object]


class Unreadable(Exception):
    """The event stands in the log and cannot be read: its disk has changed it."""


class LogReader:
    """Reads with a connection of its own, so that reading never waits for the disk."""

    def __init__(self, reader: sqlite3.Connection) -> None:
        self._reader = reader

    def damaged(self, reason: str) -> None:
        """The file turned out to be damaged."""

    def notice(self, error: Exception) -> None:
        """Look whether an error of SQLite means that the file is damaged."""
        if is_damage(error):
            self.damaged(str(error))

    def _rows(self, statement: str, values: Values = ()) -> list[Any]:
        try:
            return self._reader.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self.notice(error)
            raise

    def _row(self, statement: str, values: Values = ()) -> Any:
        try:
            return self._reader.execute(statement, values).fetchone()
        except sqlite3.Error as error:
            self.notice(error)
            raise

    def read(self, delivery: Delivery) -> tuple[Stored, Failure | None] | None:
        """The event of a delivery and the failure kept with it; None when it is done."""
        try:
            row = self._row(_READ, (delivery.trigger, delivery.event))
            return None if row is None else _stored(*row)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise Unreadable(f"event {delivery.event} of the log") from error
        except sqlite3.OperationalError as error:
            if hasattr(error, "sqlite_errorcode"):
                raise
            raise Unreadable(f"event {delivery.event} of the log") from error  # no UTF-8

    def first_due(self, trigger: str, stage: Stage, limit: int) -> list[Delivery]:
        """The deliveries of a Trigger at this stage that are due first, but for those of no time.

        What waits for a person is never due.
        """
        rows = self._rows(_FIRST_DUE, (trigger, stage, FOR_GOOD, limit))
        return [Delivery(due, event, trigger, stage, attempts) for event, attempts, due in rows]

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """For each Trigger what was delivered, waits, is retried, is dead."""
        rows = self._rows(_COUNTS)
        return {trigger: dict(zip(COUNTS, counts, strict=True)) for trigger, *counts in rows}

    def waiting_for_person(self, trigger: str) -> int:
        """How many events of a Trigger were refused by whoever could have taken them."""
        [count] = self._row(_FOR_PERSON, (trigger, FOR_GOOD))
        return int(count)

    def oldest(self, trigger: str) -> float | None:
        """When, by the broker's clock, the oldest event came that this Trigger has to deliver."""
        row = self._row(_OLDEST, (trigger,))
        return None if row is None else float(row[0])

    def dead(self, trigger: str | None, after: Dead | None = None) -> list[Dead]:
        """A page of what nobody took, of one Trigger or of all, oldest first.

        A page, because a statement left open would show this connection an old state.
        """
        id_, name = (after.id, after.trigger) if after else (0, "")
        values = {"trigger": trigger, "id": id_, "name": name}
        rows = self._rows(_DEAD, values)
        return [_dead(*row) for row in rows]

    def kept_times(self) -> Kept:
        """What the log knows about time. It asks indexes alone, however much waits."""
        boot, ahead = self._row(_CLOCK) or ("", 0.0)
        [newest] = self._row(_NEWEST)
        [latest] = self._row(_LATEST_DUE, (FOR_GOOD,))
        return Kept(boot, ahead, newest or 0.0, latest or 0.0)

    def last_id(self) -> int:
        """The number of the newest event, 0 if there is none."""
        [last] = self._row("SELECT coalesce(max(id), 0) FROM event")
        return int(last)


def _stored(
    attributes: str, data: bytes, ttl: int, headers: str, failure: str | None
) -> tuple[Stored, Failure | None]:
    event = event_from_json(attributes, data)
    told = None if failure is None else Failure.from_json(failure)
    return Stored(event, ttl, dict(json.loads(headers))), told


def _dead(number: int, trigger: str, attributes: str, told: str) -> Dead:
    try:
        failure, event = Failure.from_json(told), json.loads(attributes)
    except (ValueError, TypeError):
        failure, event = Failure("the log has it damaged", NEVER_TRIED, "", None, ""), {}
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
