"""Kills the programs in the midst of their work: changes with whom it picks, and when."""

import asyncio
from contextlib import suppress

from broker.runner.settings import HOST
from tests.chaos.form import Form
from tests.chaos.kept import Kept
from tests.chaos.ledger import Ledger
from tests.chaos.network import Request
from tests.chaos.stage import Stage

LONGEST_CALM = 8.0  # seconds between kills where writes do not get on
LONGEST_IDLE = 2.0  # seconds that a victim is spared for having nothing to do


async def kill_for_ever(stage: Stage, ledger: Ledger, form: Form) -> None:
    """Now one, now another, each service as often; the next when each client has got on a bit."""
    chance = form.chance("kills")
    single = [kept for kept in stage.kept if kept.program not in stage.cast.functions]
    while True:
        victims = [*stage.kept, *single * (form.copies - 1)]
        chance.shuffle(victims)
        for victim in victims:
            await _work(ledger, chance.randint(form.clients // 2, form.clients * 3))
            await _busy(stage, victim)
            victim.kill()


async def _work(ledger: Ledger, writes: int) -> None:
    enough = ledger.accepted + writes
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_CALM):
            while ledger.accepted < enough:  # noqa: ASYNC110 - as easy to read
                await asyncio.sleep(0.01)


async def _busy(stage: Stage, victim: Kept) -> None:
    """Until somebody waits for what the victim does."""
    name, address = victim.program.name, f"http://{HOST}:{victim.program.port}"
    takes_commands = name in ("posts", "comments")

    def concerns(to: str, request: Request) -> bool:
        if name == "postgres":
            return request.is_command
        return to == address and (request.is_command or not takes_commands)

    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_IDLE):
            await stage.network.midst(concerns)
