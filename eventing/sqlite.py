"""SQLite as a function's database: one file, one writer at a time, durable at commit."""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from eventing.patience import step_aside, waiting_time
from eventing.sqlite_files import PRIVATE, DatabaseFiles, size

BUSY_WAIT = 5.0  # seconds that a connection waits for another process's transaction

_TRY_AGAIN = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRAGMAS = (
    "synchronous = FULL",  # a commit is on the disk, not on its way
    "foreign_keys = ON",
    "secure_delete = ON",  # text that was blanked is not left in free pages
    "journal_size_limit = 67108864",  # bytes; a log that once grew gives its room back
)


class _Connection(sqlite3.Connection):
    """Holds the process's writing turn from BEGIN to commit or rollback."""

    release: Callable[[], None] | None = None
    before_commit: Callable[[], None]
    after_close: Callable[[], None] | None = None
    changes_before = 0

    def commit(self) -> None:
        try:
            if self.release is not None and self.total_changes != self.changes_before:
                self.before_commit()
            super().commit()
        finally:
            self._give_back()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._give_back()

    def close(self) -> None:
        super().close()
        if self.after_close is not None:
            after_close, self.after_close = self.after_close, None
            after_close()

    def _give_back(self) -> None:
        if self.release is not None:
            release, self.release = self.release, None
            release()


class SQLite:
    """The engine for `sqlite:///FILE`."""

    unavailable: tuple[type[Exception], ...] = (sqlite3.Error,)
    scarce = False

    def __init__(self, file: Path) -> None:
        self.files = DatabaseFiles(file)
        self.log_was_lost = False
        # Waiting here is fair and wakes at once; SQLite's own busy wait polls.
        self.turn = threading.Lock()
        self._claim: int | None = None
        self._opening = threading.Lock()
        self._open = 0
        self._identities: tuple[int, ...] = ()

    def connect(self) -> _Connection:
        """Open the file, making it and its folder when they are missing."""
        with self._opening, out_of_reach():
            if self._open == 0:
                connection = self._enter()
                self._identities = self.files.identities()
            else:
                connection = self._connect_to_the_same()
            self._open += 1
            connection.after_close = self._closed
            return connection

    def _connect_to_the_same(self) -> _Connection:
        """One more: beside those of files that have been removed it would see other data."""
        connection = None if self.is_moved() else self._connect()
        if connection is None or self.is_moved():
            if connection is not None:
                connection.close()
            raise _failure(sqlite3.SQLITE_CANTOPEN, "its files have been moved or removed")
        return connection

    def is_moved(self) -> bool:
        """Whether files that are open here are no longer where they were."""
        return self._open > 0 and self.files.identities() != self._identities

    def is_replaced(self) -> bool:
        """Whether another file has come to where the one that is open here was."""
        there = self.files.identities()[0]
        return self._open > 0 and there not in (0, self._identities[0])

    def _enter(self) -> _Connection:
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
                raise _failure(sqlite3.SQLITE_BUSY, "others are opening or closing the database")
            time.sleep(0.01)

    def _enter_beside_others(self) -> _Connection:
        try:
            return self._connect()
        except BaseException:
            self.files.leave()
            raise

    def _enter_alone(self) -> _Connection:
        try:
            self._see_whether_all_is_there()
            self.files.make()
            connection = self._connect()
        except BaseException:
            self.files.leave()
            raise
        self.files.use()
        return connection

    def _see_whether_all_is_there(self) -> None:
        if self.files.is_lost():
            remedy = f"remove {self.files.state.name} to begin with an empty one"
            raise _failure(sqlite3.SQLITE_NOTADB, f"the file is gone or empty ({remedy})")
        if self.files.has_lost_log():
            self.log_was_lost = True
            self.files.note_saved()  # what remains is all there is

    def _closed(self) -> None:
        with self._opening:
            self._open -= 1
            if self._open == 0:
                with suppress(OSError):
                    if self.files.use(alone=True) and size(self.files.log) == 0:
                        self.files.note_saved()
                self.files.leave()

    def _connect(self) -> _Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(self.files.file))}?mode=rw",  # whoever is alone has made it
            uri=True,
            timeout=BUSY_WAIT,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            factory=_Connection,
        )
        connection.before_commit = self._before_commit
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
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # opens the log
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _before_commit(self) -> None:
        if not self.files.is_noted_unsaved():  # nearly always it is, and one look is cheap
            with out_of_reach():
                self.files.note_unsaved()

    def begin(self, connection: _Connection, *, writing: bool) -> None:
        """BEGIN; a writer takes its turn first, so that it never meets SQLITE_BUSY later."""
        if not writing:
            connection.execute("BEGIN")
            return
        wait = waiting_time(BUSY_WAIT)
        if not self.turn.acquire(timeout=wait):
            step_aside()
            busy = "database is locked by another writer of this process"
            raise _failure(sqlite3.SQLITE_BUSY, busy)
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
def out_of_reach() -> Iterator[None]:
    """Report a folder or file that cannot be made as SQLite reports one that cannot be opened."""
    try:
        yield
    except OSError as error:
        raise _failure(sqlite3.SQLITE_CANTOPEN, str(error)) from error


def _failure(code: int, message: str) -> sqlite3.OperationalError:
    """An error as SQLite itself would raise it."""
    failure = sqlite3.OperationalError(message)
    failure.sqlite_errorcode = code
    return failure


def _lock_alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
