"""What tests have other processes do with a database: changes with those tests.

Spawned, not forked: each is a process of its own, as a second start of a function is.
"""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from typing import Any

from eventing.database import Database
from eventing.maintenance import Maintenance
from tests.integration.notes import add

SPAWN = multiprocessing.get_context("spawn")


def spawn(act: Callable[..., None], *arguments: Any) -> BaseProcess:
    """A process that runs `act`; it ends with the tests if nothing ends it before."""
    process = SPAWN.Process(target=act, args=arguments, daemon=True)
    process.start()
    return process


def open_each(urls: list[str], migrations: Path, barrier: Barrier, report: Connection) -> None:
    """Open new databases at the same moment as the other processes; report what failed."""
    failures = []
    for url in urls:
        barrier.wait(30)
        try:
            with Database(url, [migrations]).transaction() as tx:
                tx.execute("INSERT INTO visits VALUES ('here')")
        except Exception as error:
            failures.append(repr(error))
    report.send(failures)


def hold_write_lock(file: Path, held: Event, let_go: Event) -> None:
    """Keep the database from every other writer until told otherwise."""
    with Database(f"sqlite:///{file}", []).transaction():
        held.set()
        let_go.wait(30)


def hold_claim(file: Path, held: Event, let_go: Event) -> None:
    """Be the process that has the relay of this database."""
    database = Database(f"sqlite:///{file}", [])
    with database.claim():
        pass
    held.set()
    let_go.wait(30)


def write_notes(
    file: Path, migrations: Path, texts: list[str], written: Event, let_go: Event
) -> None:
    """Commit notes as a function does that runs, keep the database open, and end in order."""
    database = Database(f"sqlite:///{file}", [migrations])
    maintenance = Maintenance(database, seconds=0.05)
    for text in texts:
        add(database, text)
    written.set()
    maintenance.worker.ensure_started()
    let_go.wait(30)
    maintenance.worker.ensure_stopped()
