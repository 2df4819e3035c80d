"""What keeps a SQLite database in order beside its requests: damage, lost files, a long log.

Several processes may have one database open. What needs it to be closed by everybody, one of them
does: it asks, the others close it within seconds, and open it again when that one is done.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from eventing.database import Database
from eventing.sqlite import BUSY_WAIT, SQLite, out_of_reach
from eventing.sqlite_files import PRIVATE, size

EMPTY_EVERY = 20.0  # seconds between two times that the log is emptied under load
CLOSING = 10.0  # seconds that others have to close the database
READERS = 50  # milliseconds that writers wait for readers while the log is emptied
IN_USE = 3.0  # seconds that a request may keep a connection that is to be closed

log = logging.getLogger(__name__)


class SQLiteMaintenance:
    """For the database of `engine`, which this process has open as `database`."""

    def __init__(self, database: Database, engine: SQLite) -> None:
        self._database = database
        self._engine = engine
        self._files = engine.files
        self._emptied_at = -EMPTY_EVERY
        self._log_size = 0
        self._was_moved = False
        self._checking: sqlite3.Connection | None = None

    def look(self) -> None:
        """Put right what is cheap to see; called every few seconds."""
        if not self._files.file.parent.exists():
            return  # it can be put right once there is a folder again
        was_moved, self._was_moved = self._was_moved, self._engine.is_moved()
        if self._files.are_to_be_closed():
            self._reopen()
        elif self._was_moved:
            if (
                was_moved
            ):  # whoever removes a whole folder needs a moment, and does not want it back
                self._reopen()
        elif self._database.replaceable and (self._database.damage or self._engine.log_was_lost):
            self._replace()
        elif self._database.damage is None and self._is_time_to_empty() and self.empty_log():
            self._emptied_at = time.monotonic()

    def _is_time_to_empty(self) -> bool:
        before, self._log_size = self._log_size, size(self._files.log)
        is_quiet = self._log_size == before
        return is_quiet or time.monotonic() - self._emptied_at > EMPTY_EVERY

    def is_there(self) -> bool:
        """Whether there is anything to check: a new function has no database yet."""
        return self._files.file.exists() or size(self._files.state) > 0

    def check(self, pragma: str) -> str | None:
        """What SQLite finds wrong; it reads everything, on a connection of its own."""
        try:
            with closing(self._engine.connect()) as self._checking:
                [found] = self._checking.execute(f"PRAGMA {pragma}(1)").fetchone()
        except sqlite3.DatabaseError as error:
            if not self._engine.is_damage(error):
                raise
            found = str(error)
        finally:
            self._checking = None
        return None if found == "ok" else " ".join(found.split())

    def interrupt(self) -> None:
        """End a check that is under way: the process ends."""
        if (checking := self._checking) is not None:
            with suppress(sqlite3.ProgrammingError):  # it has just been closed
                checking.interrupt()

    def empty_log(self) -> bool:
        """Leave nothing in the write-ahead log; False if a reader still needs it.

        Most is done while nobody waits; only for the rest writers are held off, a moment at most.
        """
        if size(self._files.log) == 0 and not self._files.is_noted_unsaved():
            return True
        with closing(self._engine.connect()) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            with self._writers_held_off(connection) as held_off:
                return held_off and self._truncate(connection)

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

    def _reopen(self) -> None:
        """Close the database, save what only open connections hold, and open it again."""
        if self._engine.is_replaced():
            self._keep_the_replaced()
        elif self._alone(self._save):
            self._database.begin_again()

    def _keep_the_replaced(self) -> None:
        """Which of the two files is right, a person knows; no more is written to either."""
        if self._database.damage is not None:
            return
        self._database.damage = "another file has taken its place while it was open"
        if self._database.replaceable:
            self._replace()
            return
        kept = Path(f"{self._files.file}-replaced-{_time()}")
        with self._database.pool.drained(IN_USE) as drained:
            if drained and (connection := self._database.pool.idle()) is not None:
                _copy(connection, kept)
                self._database.damage += f" (what was there before is in {kept.name})"

    def _replace(self) -> None:
        """Put a copy aside that cannot be used; the next transaction makes a new one."""
        ending = f"-damaged-{_time()}"

        def put_aside() -> None:
            self._database.pool.close()
            self._files.set_aside(ending)

        if self._alone(put_aside):
            self._engine.log_was_lost = False
            self._database.begin_again()
            name = f"{self._files.file.name}{ending}"
            self._tell("a damaged copy is put aside, and is made again from the histories", name)

    def _alone(self, act: Callable[[], None]) -> bool:
        """Do it when no other process has the database open, or let another one do it.

        False if somebody keeps it open: then it is as before.
        """
        with out_of_reach():
            first = self._files.ask_to_close()
        try:
            with self._database.pool.drained(IN_USE) as drained:
                if not drained:
                    return False
                if not first:
                    self._database.pool.close()
                    self._within(CLOSING, lambda: not self._files.are_to_be_closed())
                    return True
                if not self._within(CLOSING, self._is_alone):
                    return False
                act()
                self._database.pool.close()
                return True
        finally:
            if first:
                self._files.closing.unlink(missing_ok=True)

    def _is_alone(self) -> bool:
        if self._files.use(alone=True):
            return True
        self._files.use()
        return False

    def _save(self) -> None:
        """Bring what the open connections hold to where the next ones look for it; when alone."""
        connection = self._database.pool.idle()
        if connection is None or not self._engine.is_moved():
            return
        if self._files.file.exists():
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._database.pool.close()
        else:
            self._put_back(connection)
        self._files.note_saved()
        self._tell("files of a database had been removed: nothing is lost", self._files.file.name)

    def _put_back(self, connection: sqlite3.Connection) -> None:
        copy = Path(f"{self._files.file}.saved")
        copy.unlink(missing_ok=True)
        _copy(connection, copy)
        self._database.pool.close()  # the last to close it removes log and index
        copy.rename(self._files.file)

    @staticmethod
    def _tell(what: str, about: str) -> None:
        log.error(what, extra={"fields": {"about": about}})

    @staticmethod
    def _within(seconds: float, condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def _copy(connection: sqlite3.Connection, file: Path) -> None:
    """All that the connection sees, in a new file that only this user can read."""
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
    with closing(sqlite3.connect(file)) as target:
        connection.backup(target)


def _time() -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
