"""The whole blog as one thing that starts, runs and stops: in which order, and within what time."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress

from broker.runner.console import Console
from broker.runner.inherited import is_ignored
from broker.runner.keeper import Keeper
from broker.runner.process import Lifeline
from broker.runner.programs import Program
from broker.runner.register import Register
from broker.runner.watch import Watch

STOP_WITHIN = 8.0  # seconds for each stage; the next one stops only then
LOOK_FOR_MAKE = 0.5  # seconds
INTERRUPTED = 130  # the exit status of what Ctrl-C ended, as shells have it

log = logging.getLogger("runner")

Stage = Sequence[Program]
Chore = Callable[[Lifeline, Console], Coroutine[None, None, None]]


class Wishes:
    """What the signals ask for: SIGINT, SIGTERM and SIGHUP an orderly end, a second SIGINT now.

    SIGINT and SIGHUP stay ignored if they were: whoever said `nohup` wants the blog to go on when
    the terminal goes.
    """

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.now = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop.set)
        for number, act in ((signal.SIGINT, self._interrupt), (signal.SIGHUP, self.stop.set)):
            if not is_ignored(number):
                loop.add_signal_handler(number, act)
        if "MAKELEVEL" in os.environ:
            self._end_with_make(os.getppid(), loop)

    def _end_with_make(self, make: int, loop: asyncio.AbstractEventLoop) -> None:
        """Who kills `make run` means the blog; make is not always given the time to say so."""
        if os.getppid() == make:
            loop.call_later(LOOK_FOR_MAKE, self._end_with_make, make, loop)
        else:
            self.stop.set()

    def _interrupt(self) -> None:
        (self.now if self.stop.is_set() else self.stop).set()


class Blog:
    """Starts stage after stage, and stops them in the order given with `stop`.

    What is done now and then, the `chores`, goes on beside until the blog stops.
    """

    def __init__(
        self,
        start: Sequence[Stage],
        stop: Sequence[Stage],
        *,
        chores: Sequence[Chore],
        register: Register,
    ) -> None:
        self._start_order = start
        self._stop_order = stop
        self._chores = chores
        self._register = register
        self._keepers: dict[str, Keeper] = {}

    async def run(self, console: Console, announce: Callable[[], None]) -> int:
        """Run until a signal; `announce` when all is ready. The exit status."""
        wishes, lifeline = Wishes(), Lifeline.open()
        self._register.enter("starting")
        programs = [program for stage in self._start_order for program in stage]
        self._keepers = {
            p.name: Keeper(p, lifeline, console=console, register=self._register) for p in programs
        }
        writing = asyncio.create_task(console.write())
        chores = [asyncio.create_task(chore(lifeline, console)) for chore in self._chores]
        try:
            if await _unless(wishes.stop, self._start()):
                self._register.enter("running")
                announce()
                await _until(wishes.stop, Watch(programs, self._register.folder))
        finally:
            self._register.enter("stopping")
            console.hurry()
            for chore in chores:
                chore.cancel()
            in_peace = await _unless(wishes.now, self._stop())
            await asyncio.gather(*(keeper.kill() for keeper in self._keepers.values()))
            self._register.close()
            writing.cancel()
            console.write_rest()
        return 0 if in_peace else INTERRUPTED

    async def _start(self) -> None:
        for stage in self._start_order:
            await asyncio.gather(*(keeper.start() for keeper in self._of(stage)))

    async def _stop(self) -> None:
        for stage in self._stop_order:
            await asyncio.gather(*(keeper.stop(STOP_WITHIN) for keeper in self._of(stage)))

    def _of(self, stage: Stage) -> list[Keeper]:
        return [self._keepers[program.name] for program in stage]


async def _until(event: asyncio.Event, watch: Watch) -> None:
    """Watch until the event; what is being stopped is not watched any more."""
    watching = asyncio.create_task(watch.watch())
    await event.wait()
    watching.cancel()


async def _unless(event: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Do `work`, or leave it when `event` comes first; whether it was done."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if working.done():
        working.result()
        return True
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    return False
