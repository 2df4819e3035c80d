"""Looks after the event log's file while the broker runs; changes when a fault can be noticed."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from broker.logfile import is_damage, write_ahead_log

LOOK_SECONDS = 60.0  # between two looks at what can be seen from outside
LOOKS_A_DAY = 1_440

log = logging.getLogger("broker")


class Inspection:
    """Reads the whole file at the start and once a day, in a thread; looks each minute whether it
    is still there. What it finds is told once, in a sentence.
    """

    def __init__(
        self, path: Path, *, damaged: Callable[[str], None], gone: Callable[[str], None]
    ) -> None:
        self._path = path
        self._damaged = damaged
        self._gone = gone
        self._opened = {one: _identity(one) for one in (path, write_ahead_log(path))}
        self._reading: sqlite3.Connection | None = None
        self.checked_at: str | None = None

    async def run(self, look: Callable[[], None] = lambda: None) -> None:
        """Until cancelled; `look` is called each minute too."""
        while True:
            await self.read_all()
            for _ in range(LOOKS_A_DAY):
                self.look_for_files()
                look()
                await asyncio.sleep(LOOK_SECONDS)

    async def read_all(self) -> None:
        """Read every page. The loop goes on meanwhile, and so do those who write."""
        try:
            found = await asyncio.to_thread(self._quick_check)
        except asyncio.CancelledError:
            self._interrupt()
            raise
        except sqlite3.Error as error:
            if not is_damage(error):
                log.warning("event log not checked", extra={"fields": {"reason": str(error)}})
                return
            found = str(error)
        if found == "ok":
            self.checked_at = datetime.now(UTC).isoformat(timespec="seconds")
        else:
            self._damaged(found)

    def look_for_files(self) -> None:
        """Whoever deletes or replaces a file that is open leaves the broker with one that will
        vanish.
        """
        for path, opened in self._opened.items():
            if (there := _identity(path)) != opened:
                how = "deleted" if there is None else "replaced"
                self._gone(f"{path.name} was {how} while the broker ran")
                return

    def _quick_check(self) -> str:
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, check_same_thread=False)) as reading:
            self._reading = reading
            try:
                [found] = reading.execute("PRAGMA quick_check(1)").fetchone()
            finally:
                self._reading = None
        return str(found).replace("\n", " ")

    def _interrupt(self) -> None:
        if (reading := self._reading) is not None:
            reading.interrupt()


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file has that name; None when there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
