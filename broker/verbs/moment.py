"""The databases of a data folder as of one moment; changes when what keeps them apart does.

No order of copying one file after another would do. What the broker delivered after its own copy
was made has to be in the subscriber's copy, so subscribers come after the broker; what a producer
marked as published has to be in the broker's copy, so the broker comes after producers. `comments`
is both, and a re-drive of `dead_letters` and a reply of `moderation` lead back too. So for an
instant nobody may write: then every database is seen as it is, and they are let go before anything
is copied. What was under way is then as after a power cut, which loses nothing.
"""

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import quote

FOR_ONE = 0.2  # seconds to wait for one writer while others are held off
FOR_ALL = 30.0  # seconds
PAUSE = 0.05  # seconds in which the others can go on

BROKER = "broker.db"

Databases = Mapping[str, sqlite3.Connection]


class NoMoment(Exception):
    """The databases are written to without a pause: try again when there is less to do."""


class Unreadable(Exception):
    """SQLite cannot read this database; the message says which, and why."""


@contextmanager
def one_moment(folder: Path) -> Iterator[Databases]:
    """A connection to each database by the file's name; all read what was there at one moment.

    Writers wait for milliseconds, and never while the block runs. NoMoment, or Unreadable.
    """
    deadline = time.monotonic() + FOR_ALL
    with ExitStack() as life:
        while (seen := _try(folder, life)) is None:
            if time.monotonic() > deadline:
                raise NoMoment(NoMoment.__doc__)
            time.sleep(PAUSE)
        yield seen


class _Busy(Exception):
    """Somebody writes and was not done in time."""


def _try(folder: Path, life: ExitStack) -> Databases | None:
    """The connections, which end with `life`; None when a writer was not done in time."""
    files = _files(folder)
    try:
        with ExitStack() as held, ExitStack() as seen:
            for file in files:
                held.enter_context(_holding(file))
            databases = {file.name: seen.enter_context(_reading(file)) for file in files}
            if _files(folder) != files:
                return None  # a function that was never used has just made its database
            life.push(seen.pop_all())
            return databases
    except _Busy:
        return None


def _files(folder: Path) -> list[Path]:
    """The broker's comes last: all its work waits for its one writer."""
    return sorted(folder.glob("*.db"), key=lambda file: (file.name == BROKER, file.name))


@contextmanager
def _holding(file: Path) -> Iterator[None]:
    with _connect(file) as connection:
        _execute(file, connection, "BEGIN IMMEDIATE")
        yield


@contextmanager
def _reading(file: Path) -> Iterator[sqlite3.Connection]:
    with _connect(file) as connection:
        _execute(file, connection, "BEGIN")
        # Only a read fixes the moment.
        _execute(file, connection, "SELECT count(*) FROM sqlite_schema")
        yield connection


def _execute(file: Path, connection: sqlite3.Connection, statement: str) -> None:
    try:
        connection.execute(statement)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise _Busy from None
        raise Unreadable(f"{file.name} cannot be read: {error}") from None


@contextmanager
def _connect(file: Path) -> Iterator[sqlite3.Connection]:
    address = f"file:{quote(os.fsencode(file.absolute()))}?mode=rw"
    with closing(
        sqlite3.connect(address, uri=True, timeout=FOR_ONE, isolation_level=None)
    ) as connection:
        yield connection
