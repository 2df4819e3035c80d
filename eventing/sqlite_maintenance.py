"""What keeps a SQLite database in order beside its requests: damage and removed files.

Several processes may have one database open. What needs it to be closed by everybody, one of them
does: it asks, the others close it within seconds, and open it again when that one is done.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from eventing.database import Database
from eventing.sqlite import SQLite
from eventing.sqlite_connection import out_of_reach
from eventing.sqlite_files import PRIVATE, size
from eventing.sqlite_log import SQLiteLog

KEEP_ASIDE = 86_400.0  # seconds
CLOSING = 10.0  # seconds that others have to close the database
IN_USE = 3.0  # seconds that a request may keep a connection that is to be closed

log = logging.getLogger(__name__)


class CheckInterrupted(Exception):
    """The process ends before the database is checked."""


class SQLiteMaintenance:
    """For the database of `engine`, which this process has open as `database`."""

    def __init__(self, database: Database, engine: SQLite) -> None:
        self._database = database
        self._engine = engine
        self._files = engine.files
        self.log = SQLiteLog(engine)
        self._was_moved = False
        self._checking: sqlite3.Connection | None = None

    def look(self) -> None:
        """Put right what is cheap to see; called every few seconds."""
        if not self._files.file.parent.exists():
            return  # it can be put right once there is a folder again
        was_moved, self._was_moved = self._was_moved, self._engine.shared.is_moved()
        if self._files.are_to_be_closed():
            self._reopen()
        elif self._was_moved:
            if was_moved:  # whoever removes a whole folder needs a moment for it
                self._reopen()
        elif self._database.replaceable and self._is_unusable():
            self._replace()
        elif self._database.damage is None:
            self.log.empty_in_time()

    def _is_unusable(self) -> bool:
        return self._database.damage is not None or self._engine.shared.log_was_lost

    def is_there(self) -> bool:
        """Whether there is anything to check: a new function has no database yet."""
        return self._files.file.exists() or size(self._files.state) > 0

    def check(self, pragma: str) -> str | None:
        """What SQLite finds wrong; it reads everything, on a connection of its own."""
        try:
            with closing(self._engine.connect()) as self._checking:
                [found] = self._checking.execute(f"PRAGMA {pragma}(1)").fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise CheckInterrupted from None
            if not self._engine.is_damage(error):
                raise
            found = str(error)
        finally:
            self._checking = None
        return None if found == "ok" else found.rpartition("\n")[2]

    def interrupt(self) -> None:
        """End a check that is under way: the process ends."""
        if (checking := self._checking) is not None:
            with suppress(sqlite3.ProgrammingError):  # it has just been closed
                checking.interrupt()

    def _reopen(self) -> None:
        """Close the database, save what only open connections hold, and open it again."""
        if self._engine.shared.is_replaced():
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
            self._engine.shared.log_was_lost = False
            self._database.begin_again()
            name = f"{self._files.file.name}{ending}"
            self._tell("a damaged copy is put aside, and is made again from the histories", name)

    def remove_old_ones(self, *, keep: float = KEEP_ASIDE) -> None:
        """Copies that were put aside hold texts that may have to go: they are kept for a day."""
        for aside in self._files.file.parent.glob(f"{self._files.file.name}-damaged-*"):
            if time.time() - aside.stat().st_ctime > keep:
                aside.unlink(missing_ok=True)

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
        if connection is None or not self._engine.shared.is_moved():
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
