"""One connection to a SQLite file: how it is set up, and what it does at its ends."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

BUSY_WAIT = 5.0  # seconds that a connection waits for another process's transaction

_PRAGMAS = (
    "synchronous = FULL",  # a commit is on the disk, not on its way
    "foreign_keys = ON",
    "secure_delete = ON",  # text that was blanked is not left in free pages
    "journal_size_limit = 67108864",  # bytes; a log that once grew gives its room back
)


class Connection(sqlite3.Connection):
    """Holds the process's writing turn from BEGIN to commit or rollback."""

    release: Callable[[], None] | None = None
    before_commit: Callable[[], None]
    around_close: Callable[[Callable[[], None]], None] | None = None
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
        if self.around_close is None:
            super().close()
            return
        around_close, self.around_close = self.around_close, None
        around_close(super().close)

    def _give_back(self) -> None:
        if self.release is not None:
            release, self.release = self.release, None
            release()


def connect(file: Path, before_commit: Callable[[], None]) -> Connection:
    """A connection to a file that is there."""
    connection = sqlite3.connect(
        f"file:{quote(str(file))}?mode=rw",  # it makes none
        uri=True,
        timeout=BUSY_WAIT,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        factory=Connection,
    )
    connection.before_commit = before_commit
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
        raise failure(sqlite3.SQLITE_CANTOPEN, str(error)) from error


def failure(code: int, message: str) -> sqlite3.OperationalError:
    """An error as SQLite itself would raise it."""
    failure = sqlite3.OperationalError(message)
    failure.sqlite_errorcode = code
    return failure
