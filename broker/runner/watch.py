"""The troubles that only the runner sees, logged as they begin and end."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

from broker.runner.disk import check_disk
from broker.runner.probe import answers
from broker.runner.programs import Program
from eventing.condition import Condition, Finding, Trouble

INTERVAL = 10.0  # seconds between two looks

log = logging.getLogger("runner")


def is_down(name: str) -> Trouble:
    """That this program does not answer."""
    detail = (
        "it does not answer: see its last log lines; `blog run` starts it again when it has ended,"
        " so end its process if it hangs"
    )
    return Trouble("program-down", name, detail)


class Watch:
    """Looks again and again whether each program answers, and whether the disk has room."""

    def __init__(self, programs: Sequence[Program], data: Path) -> None:
        self._programs = programs
        self._data = data
        self._down: list[Trouble] = []
        checks = {"programs": lambda: Finding(troubles=self._down), "disk": self._disk}
        self._condition = Condition(checks)

    async def watch(self, *, every: float = INTERVAL) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(every)
            await self.look()

    async def look(self) -> None:
        """Ask every program at once, and log what has changed."""
        up = await asyncio.gather(*(answers(one.port, one.probe) for one in self._programs))
        names = [one.name for one, answered in zip(self._programs, up, strict=True) if not answered]
        self._down = [is_down(name) for name in names]
        self._condition.watch()

    def _disk(self) -> Finding:
        try:
            return check_disk(self._data)
        except OSError as error:
            log.warning("the room for %s cannot be found out: %s", self._data, error)
            return Finding()
