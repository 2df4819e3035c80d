"""A backup a day, of which a week is kept; changes with when one is made and which ones go."""

import asyncio
import logging
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broker.runner.console import Console
from broker.runner.environment import Environment
from broker.runner.folder import BACKUPS
from broker.runner.process import Lifeline, Running
from broker.runner.programs import PYTHON, Command

FIRST = 300.0  # seconds; a start has more urgent things to do
AGAIN = 1_800.0  # seconds; whoever starts the blog for an hour a day gets backups too
DAY = timedelta(days=1)
LATE = timedelta(hours=1)  # after which a backup should have been made that is due
KEPT = 7
RESERVE = 2**30  # bytes that a backup leaves free; of a small disk, a tenth

_ENDING = ".tar.gz"
_NAME = re.compile(r"\d{8}T\d{6}Z")
# Everything else on this machine goes first.
_VERB = "import os; os.nice(10); from broker.cli import main; main(prog_name='blog')"

log = logging.getLogger("runner")

Room = Callable[[Path], str | None]


@dataclass(frozen=True, slots=True)
class Backups:
    """The daily backups of one data folder; `room` says what is wrong with the disk, if anything.

    In a program of its own, which is ended without ado when the blog stops: a backup appears whole
    or not at all.
    """

    data: Path
    environment: Environment
    room: Room
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def make_daily(
        self, lifeline: Lifeline, console: Console, *, first: float = FIRST, again: float = AGAIN
    ) -> None:
        """Make a backup whenever the newest is a day old, until cancelled."""
        trouble, pause = "", first
        while True:
            await asyncio.sleep(pause)
            if due(self._names(), self.clock()):
                trouble = _tell(trouble, await self._make(lifeline, console), self._folder)
            pause = again

    async def _make(self, lifeline: Lifeline, console: Console) -> str:
        """Make one, and remove what is then too many; what hindered it, or nothing."""
        try:
            self._folder.mkdir(0o700, exist_ok=True)
            self._clear()
            if full := self.room(self.data):
                return full
            file = self._folder / name_of(self.clock())
            running = await Running.start(self._command(file), lifeline, console)
            if hindrance := await _done(running):
                return hindrance
            for name in surplus(self._names(), self.clock()):
                (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            return str(error)
        log.info("backup made", extra={"fields": {"file": str(file)}})
        return ""

    @property
    def _folder(self) -> Path:
        return self.data / BACKUPS

    def _command(self, file: Path) -> Command:
        verb = (*PYTHON, "-c", _VERB, "backup", str(file), "--data", str(self.data))
        return Command(name="backup", command=verb, environment=self.environment)

    def _names(self) -> list[str]:
        return [file.name for file in self._folder.glob(f"*{_ENDING}")]

    def _clear(self) -> None:
        """Remove what a backup that was killed has left."""
        for left in self._folder.glob(f".*{_ENDING}-*"):
            shutil.rmtree(left, ignore_errors=True)


def due(names: Sequence[str], now: datetime) -> bool:
    """Whether none was made within the last day; those of a clock that was ahead say nothing."""
    return not any(name_of(now - DAY) < name <= name_of(now) for name in _ours(names))


def overdue(data: Path, up: timedelta, now: datetime) -> bool:
    """Whether a blog that has been `up` for so long has no backup of its last day."""
    names = _ours([file.name for file in (data / BACKUPS).glob(f"*{_ENDING}")])
    in_time = name_of(now - DAY - LATE)
    return up > LATE and not any(in_time < name <= name_of(now) for name in names)


def surplus(names: Sequence[str], now: datetime) -> list[str]:
    """The oldest beyond `KEPT`, and first of all those that claim to be made in the future."""
    newest = name_of(now)
    by_age = sorted(_ours(names), key=lambda name: "" if name > newest else name)
    return by_age[:-KEPT]


def name_of(moment: datetime) -> str:
    """A backup's file name: sorted by name they are sorted by time."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}{_ENDING}"


def _ours(names: Sequence[str]) -> list[str]:
    return [name for name in names if _NAME.fullmatch(name.removesuffix(_ENDING))]


async def _done(running: Running) -> str:
    """The last line of a backup that failed, or nothing."""
    try:
        how = await running.ended()
    finally:  # the blog stops, and waits for no backup
        running.kill()
        await running.ended()
    return "" if running.succeeded() else running.last_line() or how


def room_for_backup(data: Path) -> str | None:
    """Why the disk has no room for one more backup; None when it has."""
    sizes = [file.stat().st_size for file in data.glob("*.db*")]
    disk = shutil.disk_usage(data)
    needed = sum(sizes) + max(sizes, default=0)  # the archive, and a copy on its way into it
    if disk.free - needed >= min(RESERVE, disk.total // 10):
        return None
    left = f"{disk.free // 2**20} MiB are free"
    return f"the disk is nearly full ({left}): no backup is made until there is room"


def _tell(before: str, now: str, folder: Path) -> str:
    """Say once that there is no backup, and once that there is one again."""
    if bool(before) != bool(now):
        fields = {"kind": "backup-missing", "about": str(folder), "detail": now or before}
        log.error("trouble" if now else "trouble ended", extra={"fields": fields})
    return now
