"""One run of the broker ends with what is wrong with its log's file; the next one goes on."""

import asyncio
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import ClientSession

from broker.filters import compile_filter
from broker.health import Notices
from broker.log import EventLog
from broker.logfile import set_aside, write_ahead_log
from broker.manifests import DeliverySpec, Destination, Platform, Trigger
from broker.server import Broker, Fault
from broker.settings import Settings
from eventing.hosts import Hosts
from tests.unit.test_broker_log import taken, with_log

NOWHERE = Destination(None, "http://127.0.0.1:9/")
SPEC = DeliverySpec(99, "exponential", 60.0, None, None)
PLATFORM = Platform(
    "blog", ("default",), (), (Trigger("a", "default", compile_filter(), NOWHERE, SPEC),), ()
)
EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}


def run(path: Path, notices: Notices, act: Callable[[Broker], None]) -> Fault | None:
    """Take an event in, let `act` do what it does, and wait for the end that follows."""
    settings = Settings(Path(), 0, path, {}, "info", Hosts.from_env({}))

    async def use() -> Fault | None:
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/blog/default"
        broker = Broker(PLATFORM, settings, listener, notices)
        running = asyncio.create_task(broker.run())
        async with asyncio.timeout(20), ClientSession() as client:
            answer = await client.post(url, headers=EVENT)  # who connects before it is up waits
            assert answer.status == 202
            act(broker)
            return await running

    return asyncio.run(use())


def kept(path: Path) -> int:
    """How many events the log holds for the Trigger."""
    found: list[int] = []

    async def look(log: EventLog) -> None:
        counted = log.counts()["a"]
        found.append(counted["waiting"] + counted["retrying"])

    with_log(path, look)
    return found[0]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_write_ahead_log_that_is_deleted_while_it_runs_loses_nothing(
    tmp_path: Path, *, replaced: bool
) -> None:
    path, notices = tmp_path / "broker.db", Notices()

    def act(broker: Broker) -> None:
        write_ahead_log(path).unlink()
        if replaced:
            write_ahead_log(path).touch()
        broker.inspection.look_for_files()

    fault = run(path, notices, act)
    how = "replaced" if replaced else "deleted"
    assert fault == Fault(f"broker.db-wal was {how} while the broker ran", is_damage=False)
    assert kept(path) == 1
    assert set_aside(path) == []
    assert [text for text in notices if fault.reason in text]


def test_a_log_that_is_deleted_while_it_runs_begins_anew(tmp_path: Path) -> None:
    path, notices = tmp_path / "broker.db", Notices()

    def act(broker: Broker) -> None:
        path.unlink()
        broker.inspection.look_for_files()

    assert run(path, notices, act) == Fault(
        "broker.db was deleted while the broker ran", is_damage=False
    )
    assert run(path, notices, lambda broker: broker.stop()) is None
    assert kept(path) == 1


def test_what_befell_the_log_is_one_line_although_two_runs_find_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, notices = tmp_path / "broker.db", Notices()

    def act(broker: Broker) -> None:
        path.unlink()
        broker.inspection.look_for_files()
        broker.health.condition.watch()

    run(path, notices, act)
    run(path, notices, lambda broker: broker.stop())
    assert [each.getMessage() for each in caplog.records].count("trouble") == 1


def test_a_log_that_is_found_damaged_is_put_aside_at_the_end_of_the_run(tmp_path: Path) -> None:
    path, notices = tmp_path / "broker.db", Notices()

    fault = run(path, notices, lambda broker: broker.log.damaged("malformed"))
    assert fault == Fault("malformed", is_damage=True)
    [aside] = set_aside(path)
    assert kept(aside) == 1
    assert not path.exists()
    assert run(path, notices, lambda broker: broker.stop()) is None
    assert kept(path) == 1


@pytest.mark.parametrize(
    "spoilt", ["'{'", "'{}'", "'[]'", "'7'", "CAST(X'7BFF7D' AS TEXT)", "'{\"specversion\": 1}'"]
)
def test_an_event_that_cannot_be_read_is_lost_alone_and_told(tmp_path: Path, spoilt: str) -> None:
    path, notices = tmp_path / "broker.db", Notices()

    async def take(log: EventLog) -> None:
        for number in (1, 2, 3):
            await log.record(taken(number, "a"))

    with_log(path, take)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"UPDATE event SET attributes = {spoilt} WHERE id = 2")  # noqa: S608
    assert run(path, notices, lambda broker: broker.stop()) is None
    assert kept(path) == 3  # those two, and the one that came meanwhile
    assert [text.split(",")[0] for text in notices] == ["event 2 of the log cannot be read"]
