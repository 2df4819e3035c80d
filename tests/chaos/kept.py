"""A program that comes back however often it is killed: changes with how it is kept up."""

import asyncio

from broker.runner.console import Console
from broker.runner.process import Lifeline, Running
from broker.runner.programs import Program
from broker.runner.restart import next_pause

PAUSE = 0.3  # seconds down after a kill; a platform takes about as long to notice


class Kept:
    """One program, with every process that it starts."""

    def __init__(self, program: Program, lifeline: Lifeline, console: Console) -> None:
        self.program = program
        self.kills = 0
        self.troubles = 0
        self.crashing = False
        self._lifeline = lifeline
        self._console = console
        self._running: Running | None = None
        self._wanted = asyncio.Event()
        self._wanted.set()

    async def keep(self) -> None:
        """Start it, and again after each end, until cancelled."""
        pause: float | None = None
        try:
            while True:
                await self._wanted.wait()
                self._running = await Running.start(self.program, self._lifeline, self._console)
                self._running.speak()
                await self._running.ended()
                pause = next_pause(pause, uptime=0) if self.crashing else None
                await asyncio.sleep(pause or PAUSE)
        finally:
            if self._end() and self._running:
                await self._running.ended()

    def kill(self) -> None:
        """`kill -9`, if it runs."""
        self.kills += self._end()

    def hold_down(self) -> None:
        """`kill -9`, and keep it down."""
        self._wanted.clear()
        self.kill()

    def let_up(self) -> None:
        """End what `hold_down` began."""
        self._wanted.set()

    async def crash_loop(self, times: int) -> None:
        """End so many times in a row as soon as it is there, with the runner's own pauses."""
        self.crashing = True
        try:
            for _ in range(times):
                while not self._end():  # noqa: ASYNC110 - the runner starts it in its own time
                    await asyncio.sleep(0.05)
                self.kills += 1
        finally:
            self.crashing = False

    def _end(self) -> bool:
        if self._running is None or self._running.has_ended():
            return False
        self._running.kill()
        return True
