"""Kills the programs, or troubles them, in the midst of their work: changes with whom, and when."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from random import Random

from broker.runner.settings import HOST
from tests.chaos.clock import FILE
from tests.chaos.door import Hole
from tests.chaos.form import Form
from tests.chaos.kept import Kept
from tests.chaos.ledger import Ledger
from tests.chaos.network import Request
from tests.chaos.stage import Stage
from tests.chaos.trouble import (
    fill_disk,
    hole,
    lock,
    move_clock,
    outage,
    stand_still,
)

LONGEST_CALM = 8.0  # seconds between kills where writes do not get on
LONGEST_IDLE = 2.0  # seconds that a victim is spared for having nothing to do
COMMANDED = ("posts", "comments", "postgres")
KILL, STAND_STILL, FILL_DISK, LOCK, MOVE_CLOCK, OUTAGE, HOLE, CRASH_LOOP = WAYS = range(8)
WEIGHTS = (52, 8, 8, 8, 8, 6, 8, 2)  # percent
OFFSETS = ("+2", "+3600", "+40d", "-2", "-3600")  # of a clock, as libfaketime reads them
CRASHES = 6
# Seconds: mostly short, but some troubles outlast a lease, a time-out, a wait for a lock.
SHORT, LONG, LONG_ONES = 3.0, 18.0, 0.1


async def kill_for_ever(stage: Stage, ledger: Ledger, form: Form) -> None:
    """Now one, now another; the next when each client has got on a bit.

    Each outage of the form comes once for sure, at a service in its turn, and others by chance.
    """
    chance = form.chance("kills")
    single = [kept for kept in stage.kept if kept.program not in stage.cast.functions]
    # Between the steps of a command a kill does most harm, and seldom strikes.
    answering = [kept for kept in stage.kept if kept.program.name in COMMANDED]
    services = list(dict.fromkeys(kept.program.name for kept in stage.kept))
    async with asyncio.TaskGroup() as troubles:
        for seconds in form.outages:
            troubles.create_task(_outage_later(stage, chance.choice(services), seconds, chance))
        while True:
            victims = [*stage.kept, *single * (form.copies - 1), *answering]
            chance.shuffle(victims)
            for victim in victims:
                await _work(ledger, chance.randint(form.clients // 2, form.clients * 3))
                await _busy(stage, victim)
                if trouble := _trouble(stage, victim, chance, form):
                    troubles.create_task(trouble)
                    victim.troubles += 1
                else:
                    victim.kill()


async def _outage_later(stage: Stage, service: str, seconds: float, chance: Random) -> None:
    await asyncio.sleep(chance.uniform(1, 10))
    await outage(stage.copies(service), seconds)


def _trouble(
    stage: Stage, victim: Kept, chance: Random, form: Form
) -> Coroutine[None, None, None] | None:
    """What is to happen to the victim other than being killed."""
    seconds = chance.uniform(0.3, LONG if chance.random() < LONG_ONES else SHORT)
    match chance.choices(WAYS, WEIGHTS):
        case [way] if way == STAND_STILL:
            return stand_still(victim, seconds)
        # The limits of a process of somebody else's, as PostgreSQL is, may not be changed.
        case [way] if way == FILL_DISK and victim.program.name != "postgres":
            return fill_disk(victim, seconds)
        case [way] if way == LOCK and (file := stage.file_of(victim)):
            return lock(file, seconds)
        case [way] if way == MOVE_CLOCK and FILE in victim.program.environment:
            return move_clock(victim, chance.choice(OFFSETS), seconds)
        case [way] if way == OUTAGE:
            return outage(stage.copies(victim.program.name), min(form.outages))
        case [way] if way == HOLE and (door := stage.network.doors.get(victim.program.name)):
            return hole(door, chance.choice(list(Hole)), seconds)
        case [way] if way == CRASH_LOOP:
            return victim.crash_loop(CRASHES)
    return None


async def _work(ledger: Ledger, writes: int) -> None:
    enough = ledger.accepted + writes
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_CALM):
            while ledger.accepted < enough:  # noqa: ASYNC110 - as easy to read
                await asyncio.sleep(0.01)


async def _busy(stage: Stage, victim: Kept) -> None:
    """Until somebody waits for what the victim does."""
    name, address = victim.program.name, f"http://{HOST}:{victim.program.port}"

    def concerns(to: str, request: Request) -> bool:
        if name == "postgres":
            return request.is_command
        return to == address and (request.is_command or name not in COMMANDED)

    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_IDLE):
            await stage.network.midst(concerns)
