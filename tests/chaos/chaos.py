"""One run from the first write to the verdict: changes with the course of it."""

import asyncio
from collections import Counter
from contextlib import suppress
from pathlib import Path
from time import monotonic

import aiohttp

from tests.chaos.client import Client
from tests.chaos.form import Form
from tests.chaos.killer import kill_for_ever
from tests.chaos.ledger import Ledger
from tests.chaos.report import Report
from tests.chaos.seen import Reader
from tests.chaos.settled import Rest
from tests.chaos.stage import Stage
from tests.chaos.verdict import complaints

LAST = 0.05  # the share of the writes that is made while the broker is down


async def run(form: Form, folder: Path) -> Report:
    """Start the blog in `folder`, wreck it while it is written to, and hold it to its word."""
    ledger = Ledger()
    # gunicorn closes idle connections, and may do so just when one is used again.
    connector = aiohttp.TCPConnector(force_close=True)
    async with Stage(form, folder) as stage, aiohttp.ClientSession(connector=connector) as session:
        clients = [
            Client(
                stage.cast.network, ledger, chance=form.chance(f"client {number}"), session=session
            )
            for number in range(form.clients)
        ]
        began = monotonic()
        killing = asyncio.create_task(kill_for_ever(stage, ledger, form))
        await _write(clients, ledger, round(form.writes * (1 - LAST)))
        killing.cancel()
        with suppress(asyncio.CancelledError):
            await killing
        await _last_round(stage, clients, ledger, form.writes)
        over = monotonic()
        rest = Rest(stage.cast, session)
        found = await rest.settle(form.settle_within)
        at_rest = monotonic()
        seen = await Reader(stage.cast, session).read(ledger)
        witness = stage.network.witness
        found += [*complaints(ledger, seen), *witness.contradictions()]
        return Report(
            form=form,
            accepted=ledger.accepted,
            kills=sum((Counter({kept.program.name: kept.kills}) for kept in stage.kept), Counter()),
            troubles=sum(kept.troubles for kept in stage.kept),
            redeliveries=witness.redeliveries,
            absorbed=witness.absorbed,
            redriven=rest.redriven,
            seconds=(over - began, at_rest - over),
            complaints=found,
        )


async def _write(clients: list[Client], ledger: Ledger, until: int) -> None:
    """All clients at once, each one command after another, until so many are accepted."""

    async def go_on(client: Client) -> None:
        while ledger.accepted < until:
            await client.write()

    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(go_on(client))


async def _last_round(stage: Stage, clients: list[Client], ledger: Ledger, writes: int) -> None:
    """What is written while the broker is down is in the outboxes; then everybody is killed.

    Nobody writes afterwards, so only what the programs do at their start can bring it on its way.
    """
    for kept in stage.kept:
        if kept.program is stage.cast.broker:
            kept.hold_down()
    await _write(clients, ledger, writes)
    for kept in stage.kept:
        kept.hold_down()
    await stage.network.heal()
    for kept in stage.kept:
        kept.let_up()
    await stage.all_up()
