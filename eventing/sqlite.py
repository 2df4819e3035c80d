"""SQLite as a function's database: one file, one writer at a time, durable at commit."""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from eventing.patience import step_aside, waiting_time

BUSY_WAIT = 5.0  # seconds that a connection waits for another process's transaction

_TRY_AGAIN = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}
_PRAGMAS = (
    "synchronous = FULL",  # a commit is on the disk, not on its way
    "foreign_keys = ON",
    "secure_delete = ON",  # text that was blanked is not left in free pages
    "journal_size_limit = 67108864",  # bytes; a log that once grew gives its room back
)


class _Connection(sqlite3.Connection):
    """Holds the process's writing turn from BEGIN to commit or rollback."""

    release: Callable[[], None] | None = None

    def commit(self) -> None:
        try:
            super().commit()
        finally:
            self._give_back()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._give_back()

    def _give_back(self) -> None:
        if self.release is not None:
            release, self.release = self.release, None
            release()


class SQLite:
    """The engine for `sqlite:///FILE`."""

    unavailable: tuple[type[Exception], ...] = (sqlite3.Error,)
    scarce = False

    def __init__(self, file: Path) -> None:
        self._file = file
        # Waiting here is fair and wakes at once; SQLite's own busy wait polls.
        self._turn = threading.Lock()
        self._claim: int | None = None

    def connect(self) -> sqlite3.Connection:
        """Open the file, making its folder when it is missing."""
        with _out_of_reach():
            self._file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._file,
            timeout=BUSY_WAIT,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            factory=_Connection,
        )
        connection.row_factory = sqlite3.Row
        connection.text_factory = _text
        # One writer at a time: whatever a reader can see, no older transaction is open.
        connection.create_function("current_transaction", 0, lambda: 0)
        connection.create_function("current_milliseconds", 0, lambda: time.time_ns() // 1_000_000)
        connection.create_function("oldest_open_transaction", 0, lambda: 1)
        try:
            _keep_readers_going(connection)
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def begin(self, connection: _Connection, *, writing: bool) -> None:
        """BEGIN; a writer takes its turn first, so that it never meets SQLITE_BUSY later."""
        if not writing:
            connection.execute("BEGIN")
            return
        wait = waiting_time(BUSY_WAIT)
        if not self._turn.acquire(timeout=wait):
            step_aside()
            raise self._busy()
        connection.release = self._turn.release
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

    def translate(self, sql: str) -> str:
        """The SQL is written in SQLite's spelling already."""
        return sql

    def version(self, connection: sqlite3.Connection) -> object:
        """Other connections' commits count up the one, in whatever process; its own the other."""
        others = connection.execute("PRAGMA data_version").fetchone()[0]
        return connection, others, connection.total_changes

    def origin(self, _connection: sqlite3.Connection) -> str:
        """The file that has the name now: a copy is another one."""
        with _out_of_reach():
            return str(self._file.stat().st_ino)

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
            with _out_of_reach():
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._claim = os.open(f"{self._file}.relay", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            yield _lock_alone(self._claim)
        finally:
            fcntl.flock(self._claim, fcntl.LOCK_SH)

    def _busy(self) -> sqlite3.OperationalError:
        error = sqlite3.OperationalError("database is locked by another writer of this process")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        return error


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


def _keep_readers_going(connection: sqlite3.Connection) -> None:
    """Switch to WAL, where readers go on while one writes.

    While another process makes the same switch SQLite says BUSY at once, without its own wait.
    """
    deadline = time.monotonic() + BUSY_WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _text(raw: bytes) -> str:
    """Text that is damaged can still be read, and told from sound text: one row, not the rest."""
    return raw.decode("utf-8", "surrogateescape")


@contextmanager
def _out_of_reach() -> Iterator[None]:
    """Report a folder or file that cannot be made as SQLite reports one that cannot be opened."""
    try:
        yield
    except OSError as error:
        failure = sqlite3.OperationalError(str(error))
        failure.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise failure from error


def _lock_alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
