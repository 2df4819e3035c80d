"""One run from the first write to the verdict: changes with the course of it."""

import asyncio
from collections import Counter
from contextlib import suppress
from pathlib import Path
from time import monotonic

import aiohttp

from tests.chaos.cast import BROKER_NAME
from tests.chaos.client import Client
from tests.chaos.form import Form
from tests.chaos.killer import kill_for_ever
from tests.chaos.ledger import Ledger
from tests.chaos.report import Report
from tests.chaos.seen import Reader
from tests.chaos.settled import Rest
from tests.chaos.stage import Stage
from tests.chaos.trouble import overwrite
from tests.chaos.verdict import complaints

BETWEEN_READINGS = 2.0  # seconds
LAST = 0.05  # the share of the writes that is made while the broker is down


async def run(form: Form, folder: Path) -> Report:
    """Start the blog in `folder`, wreck it while it is written to, and hold it to its word."""
    ledger = Ledger()
    # gunicorn closes idle connections, and may do so just when one is used again.
    connector = aiohttp.TCPConnector(force_close=True)
    async with Stage(form, folder) as stage, aiohttp.ClientSession(connector=connector) as session:
        clients = [
            Client(stage.cast.door, ledger, chance=form.chance(f"client {number}"), session=session)
            for number in range(form.clients)
        ]
        began = monotonic()
        killing = asyncio.create_task(kill_for_ever(stage, ledger, form))
        await _write(clients, ledger, round(form.writes * (1 - LAST)))
        killing.cancel()
        with suppress(asyncio.CancelledError):
            await killing
        await _last_round(stage, clients, ledger, form)
        over = monotonic()
        found = await _until_seen(stage, session, ledger, over + form.settle_within)
        at_rest = monotonic()
        witness = stage.network.witness
        found += witness.contradictions()
        return Report(
            form=form,
            accepted=ledger.accepted,
            kills=sum((Counter({kept.program.name: kept.kills}) for kept in stage.kept), Counter()),
            troubles=sum(kept.troubles for kept in stage.kept),
            redeliveries=witness.redeliveries,
            absorbed=witness.absorbed,
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


async def _last_round(stage: Stage, clients: list[Client], ledger: Ledger, form: Form) -> None:
    """What is written while the broker is down is in the outboxes; then everybody is killed.

    The broker's log is damaged, and what it held is gone. Nobody writes afterwards, and `query` is
    away for longer than anything is tried: only what the programs do by themselves can bring it
    to where readers see it.
    """
    for kept in stage.copies(BROKER_NAME):
        kept.hold_down()
    await _write(clients, ledger, form.writes)
    for kept in stage.kept:
        kept.hold_down()
    overwrite(stage.log_file)
    ledger.events_lost = True
    await stage.network.heal()
    absent = stage.copies("query")
    for kept in stage.kept:
        if kept not in absent:
            kept.let_up()
    await stage.all_up(absent)
    await asyncio.sleep(form.last_outage)
    for kept in absent:
        kept.let_up()
    await stage.all_up()


async def _until_seen(
    stage: Stage, session: aiohttp.ClientSession, ledger: Ledger, deadline: float
) -> list[str]:
    """Return once nothing waits and readers see everything as it should be; else what is wrong.

    Nobody does anything for it: that it heals is what the blog promises.
    """
    rest, reader = Rest(stage.cast, session), Reader(stage.cast, session)
    try:
        while True:
            found = await rest.settle(deadline - monotonic())
            try:
                found += complaints(ledger, await reader.read(ledger))
            except aiohttp.ClientResponseError as error:  # it changed while it was being read
                found.append(f"unseen: {error.request_info.url} answered {error.status}")
            if not found or monotonic() > deadline:
                return found
            await asyncio.sleep(min(BETWEEN_READINGS, max(0.0, deadline - monotonic())))
    finally:
        rest.close()
