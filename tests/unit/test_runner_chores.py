"""Chores: each is done, one after another, whatever became of the one before."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from broker.runner.chores import do_daily
from broker.runner.console import Console
from broker.runner.process import Lifeline
from broker.runner.programs import Command
from tests.waiting import until


def chore(name: str, *command: str) -> Command:
    return Command(name=name, command=command, environment={})


async def _do(chores: list[Command], done: Path) -> None:
    doing = asyncio.create_task(do_daily(chores, Lifeline.open(), Console(), first=0))
    await asyncio.to_thread(until, done.exists)
    doing.cancel()
    with suppress(asyncio.CancelledError):
        await doing


def test_a_chore_that_fails_or_cannot_be_started_keeps_no_other_from_being_done(
    tmp_path: Path,
) -> None:
    done = tmp_path / "done"
    fails = chore("fails", sys.executable, "-c", "raise SystemExit(1)")
    missing = chore("missing", os.fspath(tmp_path / "nothing"))
    works = chore("works", "/usr/bin/env", "touch", os.fspath(done))

    asyncio.run(_do([fails, missing, works], done))
