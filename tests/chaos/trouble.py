"""Troubles that pass by themselves: a program that stands still, a full disk, a locked file."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import psutil

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
