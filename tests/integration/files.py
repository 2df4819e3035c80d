"""A SQLite database as a function has it that runs, for tests of what happens to its files."""

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from eventing.condition import Trouble
from eventing.database import Database
from eventing.maintenance import Maintenance
from tests.integration.processes import SPAWN, spawn, write_notes
from tests.waiting import until

SOON = 0.02  # seconds between two looks
PAGE = 4_096  # bytes
MANY = 200  # notes, so that they fill several pages


@dataclass(frozen=True, slots=True)
class Running:
    """A database, with what is done beside requests."""

    database: Database
    maintenance: Maintenance

    def is_checked(self) -> bool:
        return self.maintenance.check().facts["checkedAt"] is not None

    @property
    def troubles(self) -> list[Trouble]:
        return list(self.maintenance.check().troubles)


@contextmanager
def running(file: Path, migrations: Path, *, replaceable: bool = False) -> Iterator[Running]:
    """Open until the end of the block, and then closed in order."""
    database = Database(f"sqlite:///{file}", [migrations], replaceable=replaceable)
    maintenance = Maintenance(database, seconds=SOON)
    maintenance.worker.ensure_started()
    try:
        yield Running(database, maintenance)
    finally:
        maintenance.worker.ensure_stopped()


def fill(file: Path, migrations: Path) -> None:
    """Many notes, in the file itself."""
    database = Database(f"sqlite:///{file}", [migrations])
    with closing(database), database.transaction() as tx:
        for number in range(MANY):
            tx.execute("INSERT INTO notes VALUES (?)", f"{number:04} {'x' * 200}")


def kill_after_writing(file: Path, migrations: Path, *texts: str) -> None:
    """A process that has committed these is killed, with what it wrote still in the log."""
    written, let_go = SPAWN.Event(), SPAWN.Event()
    process = spawn(write_notes, file, migrations, list(texts), written, let_go)
    assert written.wait(30)
    process.kill()
    process.join()


@contextmanager
def another_process(file: Path, migrations: Path, *texts: str) -> Iterator[None]:
    """A second copy of the function writes these and runs until the end of the block."""
    written, let_go = SPAWN.Event(), SPAWN.Event()
    process = spawn(write_notes, file, migrations, list(texts), written, let_go)
    assert written.wait(30)
    try:
        yield
    finally:
        let_go.set()
        process.join()


def overwrite(file: Path, page: int) -> None:
    """Put other bytes where a page of the file was, as a disk does.

    By another process: opening the file here would end this process's own locks on it.
    """
    where = ["conv=notrunc", "count=1", f"seek={page}", f"bs={PAGE}", f"of={file}"]
    subprocess.run(["dd", "if=/dev/urandom", *where], check=True, capture_output=True)


def last_page(file: Path) -> int:
    return file.stat().st_size // PAGE - 1


def until_checked(one: Running) -> None:
    until(one.is_checked)
