"""A SQLite file that several connections of several processes have open.

Whoever comes first and alone looks whether all is there. Whoever comes later gets the same file and
the same write-ahead log as the others, or none: two logs for one file would destroy it.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from eventing.patience import step_aside, waiting_time
from eventing.sqlite_connection import BUSY_WAIT, Connection, connect, failure, out_of_reach
from eventing.sqlite_files import DatabaseFiles, size


class SharedFile:
    """The file as this process has it open."""

    def __init__(self, files: DatabaseFiles) -> None:
        self.files = files
        self.log_was_lost = False
        self._opening = threading.RLock()
        self._open = 0
        self._identities: tuple[int, ...] = ()

    def connect(self) -> Connection:
        """Open the file, making it and its folder when they are missing."""
        with self._opening, out_of_reach():
            if self._open == 0:
                connection = self._enter()
                self._identities = self.files.identities()
            else:
                connection = self._connect_to_the_same()
            self._open += 1
            connection.around_close = self._close
            return connection

    def _connect_to_the_same(self) -> Connection:
        """One more: beside those of files that have been removed it would see other data."""
        connection = None if self.is_moved() else connect(self.files.file, self._before_commit)
        if connection is None or self.is_moved():
            if connection is not None:
                connection.close()
            raise failure(sqlite3.SQLITE_CANTOPEN, "its files have been moved or removed")
        return connection

    def is_moved(self) -> bool:
        """Whether files that are open here are no longer where they were."""
        with self._opening:
            return self._open > 0 and self.files.identities() != self._identities

    def is_replaced(self) -> bool:
        """Whether another file has come to where the one that is open here was."""
        with self._opening:
            there = self.files.identities()[0]
            return self._open > 0 and there not in (0, self._identities[0])

    def _enter(self) -> Connection:
        """The first connection of this process."""
        wait = waiting_time(BUSY_WAIT)
        deadline = time.monotonic() + wait
        while True:
            # Whoever is alone looks whether all is there. Others find the log that all use.
            if not self.files.are_to_be_closed():
                if self.files.use(alone=True):
                    return self._enter_alone()
                if self.files.use() and self.files.log.exists():
                    return self._enter_beside_others()
                self.files.leave()
            if time.monotonic() > deadline:
                step_aside()
                raise failure(sqlite3.SQLITE_BUSY, "others are opening or closing the database")
            time.sleep(0.01)

    def _enter_beside_others(self) -> Connection:
        try:
            return connect(self.files.file, self._before_commit)
        except BaseException:
            self.files.leave()
            raise

    def _enter_alone(self) -> Connection:
        try:
            self._see_whether_all_is_there()
            self.files.make()
            connection = connect(self.files.file, self._before_commit)
        except BaseException:
            self.files.leave()
            raise
        self.files.use()
        return connection

    def _see_whether_all_is_there(self) -> None:
        if self.files.file.is_dir():
            raise failure(sqlite3.SQLITE_NOTADB, "it is a directory")
        if self.files.is_lost():
            remedy = f"remove {self.files.state.name} to begin with an empty one"
            raise failure(sqlite3.SQLITE_NOTADB, f"the file is gone or empty ({remedy})")
        if self.files.has_lost_log():
            self.log_was_lost = True
            self.files.note_saved()  # what remains is all there is

    def _close(self, close: Callable[[], None]) -> None:
        """The last one of all removes log and index: nobody may look at them in between."""
        with self._opening:
            try:
                close()
            finally:
                self._open -= 1
                if self._open == 0:
                    self._leave()

    def _leave(self) -> None:
        with suppress(OSError):
            if self.files.use(alone=True) and size(self.files.log) == 0:
                self.files.note_saved()
        self.files.leave()

    def _before_commit(self) -> None:
        if not self.files.is_noted_unsaved():  # nearly always it is, and one look is cheap
            with out_of_reach():
                self.files.note_unsaved()
