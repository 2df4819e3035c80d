"""The broker's log on a full disk, and with an event in it that cannot be read."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from time import time

import pytest

from broker.changes import Delivered, Taken
from broker.lane import Lane
from broker.log import EventLog
from broker.records import Delivery, Stage, Stored
from broker.window import Window
from eventing.cloudevent import CloudEvent
from tests.disks import disk, fill


@asynccontextmanager
async def opened(path: Path, announced: list[Delivery]) -> AsyncIterator[EventLog]:
    log = EventLog(path, announced.append)
    try:
        yield log
    finally:
        await log.close()


def taken(number: int, size: int = 2_000) -> Taken:
    event = CloudEvent(id=f"e{number}", source="/s", type="t", data=b"x" * size)
    return Taken(number, Stored(event, 200, {}), ("t",), float(number), float(number))


def test_on_a_full_disk_only_what_is_kept_is_taken_in_and_it_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    announced: list[Delivery] = []

    async def use(folder: Path) -> None:
        async with opened(folder / "log", announced) as log:
            await log.record(taken(1))
            filler = fill(folder)
            answers = await asyncio.gather(
                *(log.record(taken(number, 100_000)) for number in range(2, 12)),
                return_exceptions=True,
            )
            assert all(isinstance(one, sqlite3.OperationalError) for one in answers)
            with pytest.raises(sqlite3.OperationalError, match="full"):
                await log.record(taken(12, 500_000))
            assert log.read(announced[0]) is not None
            filler.unlink()
            await log.record(taken(13))
            await log.record(Delivered(announced[0]))
        async with opened(folder / "log", announced) as log:
            kept = log.first_due("t", Stage.SUBSCRIBER, 99)
            assert [delivery.event for delivery in kept] == [13]
            assert log.counts()["t"]["waiting"] == 1

    with disk(tmp_path / "disk") as folder:
        asyncio.run(use(folder))
    assert [delivery.event for delivery in announced] == [1, 13]


def test_an_event_that_cannot_be_read_holds_up_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log"
    delivered: list[str] = []

    async def use() -> None:
        announced: list[Delivery] = []
        async with opened(path, announced) as log:
            for number in range(1, 41):
                await log.record(taken(number))
            damage(path)
            done = asyncio.Event()

            async def deliver(delivery: Delivery) -> bool:
                found = log.read(delivery)
                assert found is not None
                delivered.append(found[0].event.id)
                await log.record(Delivered(delivery))
                if len(delivered) == 39:
                    done.set()
                return True

            window = Window(lambda count: log.first_due("t", Stage.SUBSCRIBER, count))
            lane = Lane(window, deliver, time)
            lane.start()
            await asyncio.wait_for(done.wait(), 20)
            await lane.stop(5)
            assert [one.event for one in log.first_due("t", Stage.SUBSCRIBER, 9)] == [3]

    asyncio.run(use())


def damage(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE event SET attributes = '{' WHERE id = 3")
        connection.commit()


def test_a_locked_log_takes_nothing_in_until_it_is_free(tmp_path: Path) -> None:
    announced: list[Delivery] = []

    async def use() -> None:
        async with opened(tmp_path / "log", announced) as log:
            with closing(sqlite3.connect(tmp_path / "log", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    await log.record(taken(1))
            await log.record(taken(2))

    asyncio.run(use())
    assert [delivery.event for delivery in announced] == [2]
