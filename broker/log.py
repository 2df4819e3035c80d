"""The durable event log on SQLite; changes when how it commits or what can be read changes."""

import asyncio
import fcntl
import json
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import TextIO

from broker.changes import COUNTS, Batch, Change
from broker.records import Dead, Delivery, Failure, Stage, Stored, event_from_json, timestamp

Pending = tuple[Change, "asyncio.Future[None]"]


class LogUnusable(Exception):
    """The data file cannot be the event log: stop the broker that uses it, or name another file."""


def open_log(path: Path, committed: Callable[[Delivery], None]) -> "EventLog":
    """The log in that file, made if it is new; LogUnusable. `committed` hears of deliveries."""
    try:
        return EventLog(path, committed)
    except (OSError, sqlite3.Error) as error:
        remedy = "name another file with --data"
        raise LogUnusable(f"{path} cannot be the event log: {error}: {remedy}") from None


class EventLog:
    """One file, one writer.

    Changes that arrive while a commit waits for the disk share the next one, so that many
    concurrent events cost one fsync. Statements run in the event loop, for each takes
    microseconds; only the commit, which waits for the disk, runs in a thread.
    """

    def __init__(self, path: Path, committed: Callable[[Delivery], None]) -> None:
        self._lock = _lock(path)
        self._writer = _connect(path)
        self._writer.executescript((files("broker") / "log.sql").read_text("utf-8"))
        self._reader = _connect(path)
        self._ids = count(self._last_id() + 1)
        self._committed = committed
        self._thread = ThreadPoolExecutor(1, "log")
        self._pending: list[Pending] = []
        self._writing: asyncio.Task[None] | None = None

    def next_id(self) -> int:
        """A number for a new event; later events have greater ones."""
        return next(self._ids)

    async def record(self, change: Change) -> None:
        """Return when the change is on disk; its deliveries are then announced.

        Any exception means that nothing of it was kept.
        """
        done = asyncio.get_running_loop().create_future()
        self._pending.append((change, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await done

    async def close(self) -> None:
        """Write what is pending and let go of the file."""
        if self._writing is not None:
            await self._writing
        self._thread.shutdown()
        self._reader.close()
        self._writer.close()
        self._lock.close()

    async def _write(self) -> None:
        while self._pending:
            pending, self._pending = self._pending, []
            error = await self._commit([change for change, _ in pending])
            for change, done in pending:
                self._settle(change, done, error)
        self._writing = None

    async def _commit(self, changes: list[Change]) -> Exception | None:
        loop = asyncio.get_running_loop()
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            batch = Batch(self._writer)
            for change in changes:
                change.apply(batch)
            batch.write_counts()
            await loop.run_in_executor(self._thread, self._writer.commit)
        except Exception as error:  # whoever waits for the change raises it
            self._writer.rollback()
            return error
        return None

    def _settle(
        self, change: Change, done: "asyncio.Future[None]", error: Exception | None
    ) -> None:
        if error is None:
            for delivery in change.deliveries():
                self._committed(delivery)
        if done.done():
            return  # whoever waited was cancelled; the change stands all the same
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def read(self, delivery: Delivery) -> tuple[Stored, str | None] | None:
        """The event of a delivery and the failure kept with it; None when it is done."""
        row = self._reader.execute(_READ, (delivery.trigger, delivery.event)).fetchone()
        if row is None:
            return None
        attributes, data, ttl, headers, failure = row
        return Stored(event_from_json(attributes, data), ttl, json.loads(headers)), failure

    def first_due(self, trigger: str, stage: Stage, limit: int) -> list[Delivery]:
        """The deliveries of a Trigger at this stage that are due first."""
        rows = self._reader.execute(_FIRST_DUE, (trigger, stage, limit))
        return [Delivery(due, event, trigger, stage, attempts) for event, attempts, due in rows]

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """For each Trigger what was delivered, waits, is retried, is dead."""
        rows = self._reader.execute("SELECT * FROM tally")
        return {trigger: dict(zip(COUNTS, counts, strict=True)) for trigger, *counts in rows}

    def oldest(self, trigger: str) -> float | None:
        """When the oldest event that this Trigger still has to deliver was taken in."""
        row = self._reader.execute(_OLDEST, (trigger,)).fetchone()
        return None if row is None else float(row[0])

    def dead(self, trigger: str | None, after: Dead | None = None) -> list[Dead]:
        """A page of what nobody took, of one Trigger or of all, oldest first.

        A page, because a statement left open would show this connection an old state.
        """
        id_, name = (after.id, after.trigger) if after else (0, "")
        values = {"trigger": trigger, "id": id_, "name": name}
        rows = self._reader.execute(_DEAD, values).fetchall()
        return [_dead(row) for row in rows]

    def _last_id(self) -> int:
        [last] = self._reader.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()
        return int(last)


def _dead(row: tuple[int, str, float, str, str]) -> Dead:
    number, trigger, accepted, attributes, told = row
    failure, event = Failure.from_json(told), json.loads(attributes)
    reason = "; ".join(filter(None, (failure.reason, failure.sink)))
    time = timestamp(accepted)
    return Dead(number, trigger, failure.dest, reason, time, failure.attempts, event)


def _lock(path: Path) -> TextIO:
    """The lock on the data file; it ends with the process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(f"{path.name}.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise LogUnusable(
            f"another broker runs on {path}: stop it, or use another --data"
        ) from None
    return lock


def _connect(path: Path) -> sqlite3.Connection:
    # The loop runs the statements and a thread the commit, never both at once.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # in WAL mode NORMAL may lose the last commits
    connection.execute("PRAGMA secure_delete = ON")  # no text stays in pages that are free
    return connection


_READ = """
SELECT attributes, data, ttl, headers, failure
FROM delivery JOIN event ON event.id = delivery.event
WHERE trigger = ? AND event = ?
"""
_FIRST_DUE = """
SELECT event, attempts, due FROM delivery
WHERE trigger = ? AND stage = ? ORDER BY due, event LIMIT ?
"""
_OLDEST = """
SELECT accepted FROM event
WHERE id = (SELECT min(event) FROM delivery WHERE trigger = ?)
"""
_DEAD = """
SELECT event, trigger, accepted, attributes, failure
FROM delivery JOIN event ON event.id = delivery.event
WHERE stage = 2 AND (event, trigger) > (:id, :name) AND (:trigger IS NULL OR trigger = :trigger)
ORDER BY event, trigger LIMIT 200
"""
