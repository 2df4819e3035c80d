"""The durable event log on SQLite; changes when how it commits does."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import time

from broker.changes import Batch, Change
from broker.clock import Clock, set_clock, this_boot
from broker.logfile import LogUnusable, is_damage, open_file, put_aside
from broker.reading import LogReader
from broker.records import Delivery

BLANK_AFTER = 20.0  # seconds until what was done with is in no file any more, if nobody reads it
BLANK_WITHIN = 250  # milliseconds to wait for others who read the log

Pending = tuple[Change, "asyncio.Future[None]"]
Committed = Callable[[Delivery], None]

_REMEDIES = {
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_IOERR: "make room on the disk; if it has room, see whether it is at fault",
    sqlite3.SQLITE_BUSY: "end the program that has it open, or name another file with --data",
}
_REMEDY = "give this user the right to write there, or name another file with --data"


def open_log(path: Path, committed: Committed) -> "EventLog":
    """The log in that file, made if it is new; LogUnusable. `committed` hears of deliveries."""
    try:
        try:
            return EventLog(path, committed)
        except sqlite3.Error as error:
            if not is_damage(error):
                raise
            put_aside(path, str(error))
            return EventLog(path, committed)
    except (OSError, sqlite3.Error) as error:
        raise unusable(path, error) from None


def unusable(path: Path, error: Exception) -> LogUnusable:
    """What to do about the error, which is not the file's own fault."""
    remedy = _REMEDIES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, _REMEDY)
    return LogUnusable(f"{path} cannot be the event log: {error}: {remedy}")


class EventLog(LogReader):
    """One file, one writer.

    Changes that arrive while a commit waits for the disk share the next one, so that many
    concurrent events cost one fsync. Statements run in the event loop, for each takes
    microseconds; only the commit, which waits for the disk, runs in a thread.

    What has left the log is overwritten in its file, and the write-ahead log, which still has it,
    is emptied `blank_after` seconds later.
    """

    def __init__(
        self, path: Path, committed: Committed, *, blank_after: float = BLANK_AFTER
    ) -> None:
        self.file = open_file(path)
        super().__init__(self.file.reader)
        self._writer = self.file.writer
        try:
            self.clock = self._set_clock()
            self._ids = count(self.last_id() + 1)
        except sqlite3.Error:
            self.file.close()
            raise
        self.on_damage: Callable[[str], None] = _say_nothing
        self._committed = committed
        self._thread = ThreadPoolExecutor(1, "log")
        self._pending: list[Pending] = []
        self._writing: asyncio.Task[None] | None = None
        self._blank_after = blank_after
        self._blanking: asyncio.TimerHandle | None = None
        self._is_to_blank = False

    def damaged(self, reason: str) -> None:
        """The file turned out to be damaged."""
        self.on_damage(reason)

    def next_id(self) -> int:
        """A number for a new event; later events have greater ones."""
        return next(self._ids)

    async def record(self, change: Change) -> None:
        """Return when the change is on disk; its deliveries are then announced.

        Any exception means that nothing of it was kept.
        """
        done = asyncio.get_running_loop().create_future()
        self._pending.append((change, done))
        self._begin_writing()
        await done

    def blank_later(self) -> None:
        """Empty the write-ahead log after a while; what happens until then shares it."""
        if self._blanking is None:
            loop = asyncio.get_running_loop()
            self._blanking = loop.call_later(self._blank_after, self._blank)

    async def close(self) -> None:
        """Write what is pending, leave no text of what is done, and let go of the file."""
        if self._blanking is not None:
            self._blanking.cancel()
        self._is_to_blank = True
        self._begin_writing()
        while self._writing is not None:
            await self._writing
        self._thread.shutdown()
        self.file.close()

    def _set_clock(self) -> Clock:
        kept, boot = self.kept_times(), this_boot()
        clock = set_clock(kept, boot, wall=time())
        if (boot, clock.ahead) != (kept.boot, kept.ahead):
            self._writer.execute("BEGIN IMMEDIATE")
            self._writer.execute("DELETE FROM clock")
            self._writer.execute(
                "INSERT INTO clock (boot, ahead) VALUES (?, ?)", (boot, clock.ahead)
            )
            self._writer.execute("COMMIT")
        return clock

    def _begin_writing(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while self._pending or self._is_to_blank:
                if self._is_to_blank:
                    await self._empty_write_ahead_log()
                pending, self._pending = self._pending, []
                if pending:
                    error = await self._commit([change for change, _ in pending])
                    for change, done in pending:
                        self._settle(change, done, error)
        finally:
            self._writing = None

    async def _commit(self, changes: Iterable[Change]) -> Exception | None:
        loop = asyncio.get_running_loop()
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            batch = Batch(self._writer)
            for change in changes:
                change.apply(batch)
            batch.write_counts()
            await loop.run_in_executor(self._thread, self._writer.commit)
        except Exception as error:  # whoever waits for the change raises it
            self.notice(error)
            with suppress(sqlite3.Error):
                self._writer.rollback()
            return error
        if batch.removed:
            self.blank_later()
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

    def _blank(self) -> None:
        self._blanking, self._is_to_blank = None, True
        self._begin_writing()

    async def _empty_write_ahead_log(self) -> None:
        """In the thread that commits: no statement of the loop runs meanwhile."""
        self._is_to_blank = False
        loop = asyncio.get_running_loop()
        try:
            is_done = await loop.run_in_executor(self._thread, _checkpoint, self._writer)
        except sqlite3.Error as error:
            self.notice(error)
            is_done = False
        if not is_done:
            self.blank_later()


def _say_nothing(_: str) -> None:
    """For who does not ask about damage."""


def _checkpoint(writer: sqlite3.Connection) -> bool:
    """Whether the write-ahead log is empty; not while somebody else reads from it."""
    writer.execute(f"PRAGMA busy_timeout = {BLANK_WITHIN}")
    try:
        busy, _, _ = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        writer.execute("PRAGMA busy_timeout = 5000")
    return not busy
