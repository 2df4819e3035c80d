"""Texts of what is done with leave every file of the log soon, the write-ahead log included."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from broker.changes import Delivered, Moved, Taken
from broker.log import EventLog
from broker.records import Delivery, Failure, Stage, Stored
from eventing.cloudevent import CloudEvent

SECRET = b"a text that must not stay "
SAID = "c2FpZA==" * 50
SOON = 0.05  # seconds


def secret(number: int) -> Taken:
    event = CloudEvent(id=f"e{number}", source="/s", type="t", data=SECRET * 4_000)
    return Taken(number, Stored(event, 200, {}), ("a",), 1.0, 1.0)


def holds_a_text(folder: Path) -> bool:
    files = [file.read_bytes() for file in folder.iterdir()]
    return any(SECRET in content or SAID.encode() in content for content in files)


async def fail_and_deliver(log: EventLog, number: int) -> None:
    """Take an event in, fail to deliver it, and hand it to the sink."""
    first, last = Delivery(1.0, number, "a"), Delivery(6.0, number, "a", Stage.SINK)
    failure = Failure("answered 400", 1, "http://s/", 400, SAID)
    await log.record(secret(number))
    await log.record(Moved(first, last, failure))
    await log.record(Delivered(last, to_sink=True))


def with_log(path: Path, use: Callable[[EventLog], Awaitable[None]]) -> None:
    async def run() -> None:
        log = EventLog(path, lambda _: None, blank_after=SOON)
        try:
            await use(log)
        finally:
            await log.close()

    asyncio.run(run())


async def until_blank(folder: Path) -> None:
    async with asyncio.timeout(10):
        while holds_a_text(folder):  # noqa: ASYNC110 - files tell nobody that they change
            await asyncio.sleep(0.01)


def test_while_the_broker_runs(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        for number in (1, 2):
            await fail_and_deliver(log, number)
            assert holds_a_text(tmp_path)
            await until_blank(tmp_path)

    with_log(tmp_path / "log", use)


def test_as_soon_as_nobody_reads_the_log_any_more(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        await log.record(secret(7))
        with closing(sqlite3.connect(tmp_path / "log")) as backup:
            backup.execute("BEGIN")
            backup.execute("SELECT count(*) FROM event").fetchone()
            await fail_and_deliver(log, 1)
            await log.record(Delivered(Delivery(1.0, 7, "a")))
            await asyncio.sleep(10 * SOON)
            assert holds_a_text(tmp_path)
            await log.record(secret(8))
            await log.record(Delivered(Delivery(1.0, 8, "a")))
        await until_blank(tmp_path)

    with_log(tmp_path / "log", use)


def test_after_an_orderly_stop(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        await fail_and_deliver(log, 1)

    with_log(tmp_path / "log", use)
    assert not holds_a_text(tmp_path)


def test_after_an_orderly_stop_although_another_has_the_log_open(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "log")) as other:

        async def use(log: EventLog) -> None:
            other.execute("SELECT count(*) FROM event").fetchone()
            await fail_and_deliver(log, 1)

        with_log(tmp_path / "log", use)
        assert (tmp_path / "log-wal").exists()
        assert not holds_a_text(tmp_path)


def test_what_still_waits_stays(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        await log.record(secret(1))
        await fail_and_deliver(log, 2)
        await asyncio.sleep(3 * SOON)
        assert log.read(Delivery(1.0, 1, "a")) is not None

    with_log(tmp_path / "log", use)
    assert holds_a_text(tmp_path)
