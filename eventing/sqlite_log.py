"""A SQLite database's write-ahead log, which holds every text until it is emptied.

And the file itself: `secure_delete` overwrites what is deleted, but SQLite leaves copies of rows in
pages from which it has moved them. Only VACUUM, which writes the whole file, removes those.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from shutil import disk_usage
from typing import Any

from eventing.sqlite import SQLite
from eventing.sqlite_connection import BUSY_WAIT
from eventing.sqlite_files import size

EMPTY_EVERY = 20.0  # seconds between two times that the log is emptied under load
READERS = 50  # milliseconds that writers wait for readers while the log is emptied
REWRITTEN = 256 * 1024 * 1024  # bytes; 200 MB hold writers up for a second, for instance
ROOM = 3  # times the size of the file, for its copy and the log
# Of the time that passes, writing the file may take no more than this part.
SHARE = 0.02


class SQLiteLog:
    """The log of the database of `engine`, emptied on connections of its own."""

    def __init__(self, engine: SQLite) -> None:
        self._engine = engine
        self._files = engine.files
        self._emptied_at = -EMPTY_EVERY
        self._last_size = 0
        self._next_rewrite = 0.0

    def empty_in_time(self) -> None:
        """Empty it if nobody writes, or if the last time is long ago."""
        before, self._last_size = self._last_size, size(self._files.log)
        is_quiet = self._last_size == before
        if is_quiet or time.monotonic() - self._emptied_at > EMPTY_EVERY:
            if self._engine.has_traces and time.monotonic() >= self._next_rewrite:
                self._rewrite()
            if self.empty():
                self._emptied_at = time.monotonic()

    def empty(self) -> bool:
        """Leave nothing in it; False if a reader still needs it.

        Most is done while nobody waits; only for the rest writers are held off, a moment at most.
        """
        if size(self._files.log) == 0 and not self._files.is_noted_unsaved():
            return True
        with closing(self._engine.connect()) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            with self._writers_held_off(connection) as held_off:
                return held_off and self._truncate(connection)

    def erase_traces(self) -> None:
        """Write the file again if texts were removed from it since the last time."""
        if self._engine.has_traces:
            self._rewrite()

    def _rewrite(self) -> None:
        """Where the disk has no room for it, or somebody writes, another time does."""
        try:
            now, room = size(self._files.file), disk_usage(self._files.file.parent).free
        except OSError:  # the folder is gone, and every trace with it
            return
        if now > REWRITTEN or ROOM * now > room:
            return
        begun = time.monotonic()
        connected = closing(self._engine.connect())
        with connected as connection, self._writers_held_off(connection) as held_off:
            if held_off:
                self._engine.has_traces = False
                self._vacuum(connection)
        self._next_rewrite = time.monotonic() + (time.monotonic() - begun) / SHARE

    def _vacuum(self, connection: Any) -> None:
        try:
            connection.execute("VACUUM")
        except sqlite3.OperationalError:
            self._engine.has_traces = True

    @contextmanager
    def _writers_held_off(self, connection: Any) -> Iterator[bool]:
        """The writers of this process; those of others meet SQLite's own lock."""
        if not self._engine.turn.acquire(timeout=1):
            yield False
            return
        try:
            connection.execute(f"PRAGMA busy_timeout = {READERS}")
            yield True
        finally:
            connection.execute(f"PRAGMA busy_timeout = {round(BUSY_WAIT * 1000)}")
            self._engine.turn.release()

    def _truncate(self, connection: Any) -> bool:
        busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            return False
        with suppress(sqlite3.OperationalError):  # another process writes: then it is not so
            connection.execute("BEGIN IMMEDIATE")
            if size(self._files.log) == 0:
                self._files.note_saved()
            connection.execute("ROLLBACK")
        return True
