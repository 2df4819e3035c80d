"""Keeps one program running: ready, started again when it dies, stopped in peace."""

import asyncio
import logging

from broker.runner.console import Console
from broker.runner.probe import until_ready
from broker.runner.process import Lifeline, Running
from broker.runner.programs import Program
from broker.runner.register import Register
from broker.runner.restart import next_pause

START_WITHIN = 60.0  # seconds; a function takes about one

log = logging.getLogger("runner")


class NotStarted(Exception):
    """A program ended or stayed silent at its start."""


class Keeper:
    """One program's fate while the blog runs."""

    def __init__(
        self, program: Program, lifeline: Lifeline, *, console: Console, register: Register
    ) -> None:
        self.program = program
        self._register = register
        self._lifeline = lifeline
        self._console = console
        self._running: Running | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._given_up = False

    async def start(self) -> None:
        """Start the program, wait until it is ready, and keep it running from then on.

        What it said stays unsaid if that fails: the error then has its last line.
        """
        running = await self._launch()
        await self._until_ready(running)
        running.speak()
        if not self._given_up:
            self._keeping = asyncio.create_task(self._keep(running))

    async def _launch(self) -> Running:
        self._running = await Running.start(self.program, self._lifeline, self._console)
        self._register.note(self.program, self._running.pid)
        return self._running

    async def _until_ready(self, running: Running) -> None:
        ready = asyncio.create_task(until_ready(self.program.port, self.program.probe))
        end = asyncio.create_task(running.ended())
        await asyncio.wait({ready, end}, timeout=START_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if end.done():
            raise NotStarted(self._obituary(end.result(), running))
        end.cancel()
        if ready.done() and not ready.cancelled():
            return
        running.kill()
        raise NotStarted(f"{self.program.name} did not answer within {START_WITHIN:g} s")

    def _obituary(self, how: str, running: Running) -> str:
        said = f"last saying: {words}" if (words := running.last_line()) else "saying nothing"
        return f"{self.program.name} ended at its start ({how}), {said}; {self.program.remedy}"

    async def _keep(self, running: Running) -> None:
        clock, pause = asyncio.get_running_loop().time, None
        while True:
            how = await running.ended()
            pause = next_pause(pause, clock() - running.since)
            name = self.program.name
            log.warning("%s ended (%s); it is started again in %g s", name, how, pause)
            await asyncio.sleep(pause)
            try:
                running = await self._launch()
            except OSError as error:  # no process to be had just now
                log.warning("%s cannot be started: %s", name, error)
                continue
            running.speak()
            await self._tell_when_ready(running)

    async def _tell_when_ready(self, running: Running) -> None:
        try:
            await self._until_ready(running)
        except NotStarted as error:
            log.warning("%s", error)
        else:
            log.info("%s is up again", self.program.name)

    async def stop(self, within: float) -> None:
        """Ask the program to end when what it has in hand is done; kill it after `within` s."""
        self._give_up()
        if self._running is None or self._running.has_ended():
            return
        self._running.send(self.program.stop_signal)
        try:
            async with asyncio.timeout(within):
                await self._running.ended()
        except TimeoutError:
            log.warning("%s did not end within %g s and is killed", self.program.name, within)
            await self.kill()

    async def kill(self) -> None:
        """End the program now, with every process that it started."""
        self._give_up()
        if self._running:
            self._running.kill()
            await self._running.ended()

    def _give_up(self) -> None:
        self._given_up = True
        if self._keeping:
            self._keeping.cancel()
