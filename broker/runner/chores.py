"""What the runner does once a day, beside keeping the programs running."""

import asyncio
import logging
from collections.abc import Sequence

from broker.runner.console import Console
from broker.runner.process import Lifeline, Running
from broker.runner.programs import Command

FIRST = 600.0  # seconds; a start has more urgent things to do
DAY = 86_400.0

log = logging.getLogger("runner")


async def do_daily(
    chores: Sequence[Command], lifeline: Lifeline, console: Console, *, first: float = FIRST
) -> None:
    """Do the chores one after another, each day anew, until cancelled."""
    pause = first
    while True:
        await asyncio.sleep(pause)
        for chore in chores:
            try:
                how = await _do(await Running.start(chore, lifeline, console))
            except OSError as error:  # no process to be had just now
                how = str(error)
            log.info("%s ended (%s)", chore.name, how)
        pause = DAY


async def _do(running: Running) -> str:
    running.speak()
    try:
        return await running.ended()
    finally:
        running.kill()
        await running.ended()
