"""What a function's database needs beside its requests, and how it is: `GET /status` shows that."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from eventing.clock import now
from eventing.condition import Finding, Trouble
from eventing.database import Database, StorageUnavailable
from eventing.recurring import Recurring
from eventing.sqlite import SQLite
from eventing.sqlite_maintenance import CheckInterrupted, SQLiteMaintenance
from eventing.worker import Worker

LOOK_EVERY = 5.0  # seconds
CHECK_EVERY = 86_400.0  # seconds

_NONE_YET = Finding({"damaged": None, "checkedAt": None})


class Maintenance:
    """Of a database that is a file; a server takes care of its own.

    It is made and started before whatever else uses the database, and so ends last.
    """

    def __init__(self, database: Database, *, seconds: float = LOOK_EVERY) -> None:
        engine = database.engine
        self._file = (
            _FileMaintenance(database, engine, seconds) if isinstance(engine, SQLite) else None
        )
        self.worker = Worker(self._start, self._stop)

    def check(self) -> Finding:
        """`{"damaged": text or null, "checkedAt": time or null}`; trouble `database-damaged`."""
        return self._file.finding() if self._file else _NONE_YET

    def _start(self) -> None:
        if self._file:
            self._file.start()

    def _stop(self) -> None:
        if self._file:
            self._file.stop()


class _FileMaintenance:
    def __init__(self, database: Database, engine: SQLite, seconds: float) -> None:
        self._database = database
        self._engine = engine
        self._path = engine.files.file
        self._work = SQLiteMaintenance(database, engine)
        self._recurring = Recurring("maintenance", self._act, seconds=seconds)
        self._checked_at: str | None = None
        self._next_check = 0.0
        self._confirmed: str | None = None
        database.when_damaged = self._recurring.wake

    def start(self) -> None:
        """Look and check at once, in a thread of its own."""
        self._recurring.start()
        self._recurring.wake()

    def stop(self) -> None:
        """Leave nothing in the write-ahead log."""
        self._work.interrupt()
        self._recurring.stop()
        with suppress(StorageUnavailable), self._database.translated_errors():
            self._work.log.erase_traces()
            self._work.log.empty()
        self._database.close()

    def finding(self) -> Finding:
        facts = {"damaged": self._database.damage, "checkedAt": self._checked_at}
        return Finding(facts, list(self._troubles()))

    def _act(self) -> None:
        with suppress(CheckInterrupted), self._database.translated_errors():
            self._work.look()
            if self._is_due():
                self._check()
                self._work.look()

    def _is_due(self) -> bool:
        suspected = self._database.damage != self._confirmed
        due = suspected or time.monotonic() >= self._next_check
        return due and self._work.is_there() and not self._engine.shared.is_moved()

    def _check(self) -> None:
        """The whole check where something has been seen: what it does not find was in passing."""
        found = self._work.check("integrity_check" if self._database.damage else "quick_check")
        self._database.damage = self._confirmed = found
        self._checked_at = now()
        self._next_check = time.monotonic() + CHECK_EVERY
        self._work.remove_old_ones()

    def _troubles(self) -> Iterator[Trouble]:
        if (damage := self._database.damage) is not None:
            what = f"{damage}: it is read where it is whole, and nothing is written: "
            remedy = _remedy(self._path)
            if self._database.replaceable:
                what, remedy = damage, ": it is put aside and made again from the histories"
            yield Trouble("database-damaged", self._path.name, what + remedy)
        elif self._engine.shared.log_was_lost:
            what = "its write-ahead log was removed while it was not in use, and the changes in it"
            remedy = f"{_remedy(self._path)}, or go on as it is (this is told until the next start)"
            yield Trouble("database-damaged", self._path.name, f"{what} are lost: {remedy}")
        elif self._engine.shared.is_moved():
            what = "its files have been removed while they are open"
            remedy = f"make {self._path.parent} writable, and they are saved there"
            yield Trouble("storage-unavailable", self._path.name, f"{what}: {remedy}")


def _remedy(file: Path) -> str:
    backups = sorted((file.parent / "backups").glob("*.tar.gz"))
    if not backups:
        return f"restore a backup with `blog restore`; there is none in {file.parent / 'backups'}"
    return (
        "stop the blog and restore the newest backup: "
        f"`blog restore {backups[-1]} --data {file.parent} --replace`"
    )
