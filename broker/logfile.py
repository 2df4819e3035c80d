"""The file of the event log: only its owner may read it, and it is put aside when nobody can.

Changes when another fault of the file is to be noticed at the start.
"""

import errno
import fcntl
import logging
import os
import sqlite3
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TextIO

VERSION = 1  # of the tables in log.sql; what is only added keeps it
ASIDE = "-damaged-"

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_ALONGSIDE = ("-wal", "-shm")
_WAL_MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
_OWNER_ONLY = 0o600

# What stands in the lock file. An older version leaves it empty.
_NEW, _OPEN, _CLOSED = "new", "open", "closed"

log = logging.getLogger("broker")


class LogUnusable(Exception):
    """The data file cannot be the event log: stop the broker that uses it, or name another file."""


class Damaged(Exception):
    """The file is there and is no event log that this version can read."""


@dataclass(slots=True)
class LogFile:
    """The open file: one connection writes, another reads. `noticed` tells what was wrong."""

    path: Path
    lock: TextIO
    writer: sqlite3.Connection
    reader: sqlite3.Connection
    noticed: list[str] = field(default_factory=list)

    def close(self) -> None:
        """Let go of it; the write-ahead log goes with the last connection."""
        for connection in (self.reader, self.writer):
            with suppress(sqlite3.Error):
                connection.close()
        _mark(self.lock, _CLOSED)
        self.lock.close()

    def put_aside(self, reason: str) -> Path:
        """Give the file, which is closed, another name."""
        return put_aside(self.path, reason)


def is_damage(error: BaseException) -> bool:
    """Whether SQLite says that the file itself is at fault, not the disk, its rights or a lock."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def open_file(path: Path) -> LogFile:
    """The log's file, made if it is new. One that cannot be read is put aside; LogUnusable."""
    lock, mark = _lock(path)
    try:
        noticed = _noticed(path, mark)
        try:
            _check(path, mark)
            opened = LogFile(path, lock, *_connect_both(path), noticed)
        except Damaged as error:
            put_aside(path, str(error))
            opened = LogFile(path, lock, *_connect_both(path))
    except BaseException:
        lock.close()
        raise
    _mark(lock, _OPEN)
    return opened


def put_aside(path: Path, reason: str) -> Path:
    """Give a damaged log another name; the write-ahead log first, which must meet no new file."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    aside = path.with_name(f"{path.name}{ASIDE}{stamp}")
    try:
        for ending in (*_ALONGSIDE, ""):
            with suppress(FileNotFoundError):
                path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    except OSError as error:
        remedy = "move it away by hand, with the files beside it"
        raise LogUnusable(f"{path} ({reason}) cannot be put aside: {error}: {remedy}") from None
    log.warning("event log set aside", extra={"fields": {"file": str(aside), "reason": reason}})
    return aside


def set_aside(path: Path) -> list[Path]:
    """The damaged logs that still lie there."""
    found = path.parent.glob(f"{path.name}{ASIDE}*")
    return sorted(each for each in found if not each.name.endswith(_ALONGSIDE))


def write_ahead_log(path: Path) -> Path:
    """The file with what is not in the main one yet."""
    return path.with_name(f"{path.name}-wal")


def _noticed(path: Path, mark: str) -> list[str]:
    """What the last end of a broker leaves behind and somebody took away."""
    if mark != _OPEN:
        return []
    if not path.exists():
        return [f"{path.name} was gone at the start"]
    wal = write_ahead_log(path)
    if not wal.exists():
        return [f"{wal.name} was gone at the start"]
    with wal.open("rb") as file:
        if (start := file.read(4)) and start not in _WAL_MAGIC:
            return [f"{wal.name} could not be read at the start"]
    return []


def _check(path: Path, mark: str) -> None:
    """Before SQLite, which takes an empty file for a new database."""
    if path.is_dir():
        raise Damaged("it is a directory")
    if path.is_file() and path.stat().st_size == 0 and mark != _NEW:
        raise Damaged("it is empty")


def _lock(path: Path) -> tuple[TextIO, str]:
    """The lock on the data file, which ends with the process, and what it said before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    place = path.with_name(f"{path.name}.lock")
    is_new = not place.exists()
    lock = os.fdopen(os.open(place, os.O_RDWR | os.O_CREAT, _OWNER_ONLY), "r+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise LogUnusable(
            f"another broker runs on {path}: stop it, or use another --data"
        ) from None
    if is_new and not _holds_something(path):
        _mark(lock, _NEW)
    lock.seek(0)
    return lock, lock.read(16)


def _holds_something(path: Path) -> bool:
    return path.is_dir() or (path.exists() and path.stat().st_size > 0)


def _mark(lock: TextIO, mark: str) -> None:
    """Say in the lock file how the log is; a full disk does not matter here."""
    with suppress(OSError):
        lock.seek(0)
        lock.truncate()
        lock.write(mark)
        lock.flush()


def _connect_both(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """A connection that writes and one that reads; Damaged."""
    _restrict(path)
    writer = None
    try:
        writer = _connect(path)
        _make_tables(writer)
        return writer, _connect(path)
    except sqlite3.Error as error:
        if writer is not None:
            writer.close()
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        # An SQL error here is a table or column that is not as this version knows it.
        if is_damage(error) or code == sqlite3.SQLITE_ERROR:
            raise Damaged(str(error)) from None
        raise
    except Damaged:
        if writer is not None:
            writer.close()
        raise


def _make_tables(connection: sqlite3.Connection) -> None:
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise Damaged(f"a newer version of the broker wrote it ({version})")
    connection.executescript((files("broker") / "log.sql").read_text("utf-8"))
    if version < VERSION:
        connection.execute(f"PRAGMA user_version = {VERSION}")
    for columns in _COLUMNS:
        connection.execute(columns).fetchone()


def _connect(path: Path) -> sqlite3.Connection:
    # The loop runs the statements and a thread the commit, never both at once.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # in WAL mode NORMAL may lose commits
        connection.execute("PRAGMA secure_delete = ON")  # no text stays in pages that are free
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _restrict(path: Path) -> None:
    """Make the file for its owner alone; SQLite gives the others beside it the same rights."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
    for ending in ("", ".lock", *_ALONGSIDE):
        with suppress(FileNotFoundError):
            _restrict_one(path.with_name(path.name + ending))


def _restrict_one(path: Path) -> None:
    try:
        path.chmod(_OWNER_ONLY)
    except OSError as error:  # another user's file, which this one may still use
        if error.errno not in (errno.EPERM, errno.EROFS):
            raise


_COLUMNS = (
    "SELECT id, accepted, attributes, ttl, headers, data FROM event LIMIT 1",
    "SELECT trigger, event, stage, attempts, due, failure FROM delivery LIMIT 1",
    "SELECT trigger, delivered, dead_lettered, waiting, retrying, dead FROM tally LIMIT 1",
    "SELECT boot, ahead FROM clock LIMIT 1",
)
