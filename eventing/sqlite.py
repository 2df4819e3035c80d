"""SQLite as a function's database: one file, one writer at a time, durable at commit."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from eventing.patience import step_aside, waiting_time
from eventing.sqlite_connection import BUSY_WAIT, Connection, failure, out_of_reach
from eventing.sqlite_files import PRIVATE, DatabaseFiles
from eventing.sqlite_shared import SharedFile

_TRY_AGAIN = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class SQLite:
    """The engine for `sqlite:///FILE`."""

    unavailable: tuple[type[Exception], ...] = (sqlite3.Error,)
    scarce = False

    def __init__(self, file: Path) -> None:
        self.files = DatabaseFiles(file)
        self.shared = SharedFile(self.files)
        self.connect = self.shared.connect
        self.has_traces = False
        # Waiting here is fair and wakes at once; SQLite's own busy wait polls.
        self.turn = threading.Lock()
        self._claim: int | None = None

    def begin(self, connection: Connection, *, writing: bool) -> None:
        """BEGIN; a writer takes its turn first, so that it never meets SQLITE_BUSY later."""
        if not writing:
            connection.execute("BEGIN")
            return
        wait = waiting_time(BUSY_WAIT)
        if not self.turn.acquire(timeout=wait):
            step_aside()
            busy = "database is locked by another writer of this process"
            raise failure(sqlite3.SQLITE_BUSY, busy)
        connection.release = self.turn.release
        connection.changes_before = connection.total_changes
        try:
            _begin_writing(connection, wait)
        except BaseException:
            connection.rollback()
            raise

    def lock_schema(self, connection: sqlite3.Connection) -> None:
        """BEGIN IMMEDIATE already holds every other writer off."""

    def has_no_slot(self, error: Exception) -> bool:  # noqa: ARG002 - of other kinds
        """A file may be opened as often as anybody likes."""
        return False

    def is_unavailable(self, error: Exception) -> bool:
        """Busy, full, unreadable or out of reach; anything else is a fault of ours."""
        code = getattr(error, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in _TRY_AGAIN

    def is_damage(self, error: Exception) -> bool:
        """Whether the file is not what was written to it."""
        code = getattr(error, "sqlite_errorcode", None)
        return code is not None and code & 0xFF in _DAMAGED

    def erase_traces(self) -> None:
        """The file is written again soon; SQLite leaves copies of rows in it."""
        self.has_traces = True

    def translate(self, sql: str) -> str:
        """The SQL is written in SQLite's spelling already."""
        return sql

    def version(self, connection: sqlite3.Connection) -> object:
        """Other connections' commits count up the one, in whatever process; its own the other."""
        others = connection.execute("PRAGMA data_version").fetchone()[0]
        return connection, others, connection.total_changes

    def origin(self, _connection: sqlite3.Connection) -> str:
        """The file that has the name now: a copy is another one."""
        with out_of_reach():
            return str(self.files.file.stat().st_ino)

    def indexes(self, connection: sqlite3.Connection) -> Mapping[str, str]:
        """Those that a statement has made."""
        select = "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        return dict(connection.execute(select).fetchall())

    def rename_index(self, connection: sqlite3.Connection, name: str, new: str) -> None:
        """Make it again, which takes a second for a million rows: there is no other way."""
        select = "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?"
        [sql] = connection.execute(select, (name,)).fetchone()
        connection.execute(f"DROP INDEX IF EXISTS {new}")
        connection.execute(f"DROP INDEX {name}")
        connection.execute(sql.replace(name, new, 1))

    @contextmanager
    def claim(self) -> Iterator[bool]:
        """Share FILE.relay with the others for life; whoever gets it alone is the first."""
        if self._claim is None:
            with out_of_reach():
                self.files.make_folder()
                name = f"{self.files.file}.relay"
                self._claim = os.open(name, os.O_CREAT | os.O_RDWR, PRIVATE)
        try:
            yield _lock_alone(self._claim)
        finally:
            fcntl.flock(self._claim, fcntl.LOCK_SH)


def _begin_writing(connection: sqlite3.Connection, wait: float) -> None:
    """BEGIN once no other process writes, or not: after as many seconds."""
    if wait == BUSY_WAIT:
        connection.execute("BEGIN IMMEDIATE")
        return
    connection.execute(f"PRAGMA busy_timeout = {round(wait * 1000)}")
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            step_aside()
        raise
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(BUSY_WAIT * 1000)}")


def _lock_alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
