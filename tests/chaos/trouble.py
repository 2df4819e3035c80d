"""Troubles that pass by themselves: still stands, full disks, locks, clocks, outages, holes."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import psutil

from tests.chaos.clock import FILE, RIGHT, Clock
from tests.chaos.door import Door, Hole
from tests.chaos.kept import Kept


async def stand_still(victim: Kept, seconds: float) -> None:
    """As on a machine that is busy with something else: it goes on where it stopped."""
    stopped = _processes(victim)
    try:
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        await asyncio.sleep(seconds)
    finally:
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.resume()


async def fill_disk(victim: Kept, seconds: float) -> None:
    """No file takes anything more from the program."""
    try:
        _limit_files(victim, 0)
        await asyncio.sleep(seconds)
    finally:
        _limit_files(victim, psutil.RLIM_INFINITY)


async def lock(file: Path, seconds: float) -> None:
    """Somebody else writes to the file, and takes his time."""
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        with suppress(sqlite3.OperationalError):  # busy just now: another time
            connection.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(seconds)
        connection.rollback()


async def move_clock(victim: Kept, offset: str, seconds: float) -> None:
    """The wall clock of the program is wrong for a while, and then right again."""
    clock = Clock(Path(victim.program.environment[FILE]))
    try:
        clock.move(offset)
        await asyncio.sleep(seconds)
    finally:
        clock.move(RIGHT)


async def outage(copies: Sequence[Kept], seconds: float) -> None:
    """Every copy of a program is away."""
    try:
        for kept in copies:
            kept.hold_down()
        await asyncio.sleep(seconds)
    finally:
        for kept in copies:
            kept.let_up()


async def hole(door: Door, kind: Hole, seconds: float) -> None:
    """Nobody reaches the service."""
    async with door.out_of_reach(kind):
        await asyncio.sleep(seconds)


def overwrite(database: Path) -> None:
    """As a disk that loses what it was given: no page of it, nor of its log, is what it was."""
    for file in (database, database.with_name(f"{database.name}-wal")):
        if file.exists():
            file.write_bytes(bytes(byte ^ 0x5A for byte in file.read_bytes()))


def _limit_files(victim: Kept, size: int) -> None:
    for process in _processes(victim):
        with suppress(psutil.NoSuchProcess):
            process.rlimit(psutil.RLIMIT_FSIZE, (size, psutil.RLIM_INFINITY))


def _processes(victim: Kept) -> list[psutil.Process]:
    """Those of the program; each has its port, or its folder, among its arguments."""
    arguments = list(victim.program.command[-4:])
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if child.cmdline()[-4:] == arguments:
                found += [child, *child.children(recursive=True)]
    return found
