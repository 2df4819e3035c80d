"""The event log on a real file: what is kept, what leaves, what a failed commit leaves behind."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from broker.burial import Buried, Orphaned
from broker.changes import Batch, Change, Delivered, Postponed, SentToSink, Taken
from broker.log import EventLog, LogUnusable, open_log
from broker.records import Delivery, Failure, Stored
from eventing.cloudevent import CloudEvent

FAILURE = Failure("answered 400", 1, "http://s/", 400, "")


class Impossible:
    """A change that fails."""

    def apply(self, batch: Batch) -> None:
        """Fail as a broken statement does."""
        batch.run("INSERT INTO nowhere VALUES (1)")

    def deliveries(self) -> tuple[Delivery, ...]:
        """None."""
        return ()


def taken(number: int, *triggers: str) -> Taken:
    """An event for these Triggers, taken in at that second."""
    event = CloudEvent(
        id=f"e{number}",
        source="/s",
        type="t",
        data=b"\x00\xff",
        subject="ä\U0001f600",
        datacontenttype="text/plain",
        extensions={"a": ""},
    )
    return Taken(number, Stored(event, 200, {"x-request-id": "r"}), triggers, float(number))


def with_log(path: Path, use: Callable[[EventLog], Awaitable[None]]) -> list[Delivery]:
    """Open the log, use it, close it; the deliveries that it announced."""
    announced: list[Delivery] = []

    async def run() -> None:
        log = EventLog(path, announced.append)
        try:
            await use(log)
        finally:
            await log.close()

    asyncio.run(run())
    return announced


def rows(path: Path, table: str) -> int:
    """How many rows a table has, seen from outside."""
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
    finally:
        connection.close()


def test_an_event_comes_back_as_it_was_after_a_restart(tmp_path: Path) -> None:
    change = taken(1, "a", "b")

    async def take(log: EventLog) -> None:
        await log.record(change)

    async def look(log: EventLog) -> None:
        assert log.read(Delivery(1.0, 1, "a")) == (change.stored, None)
        assert log.first_due("b", 9, to_sink=False) == [Delivery(1.0, 1, "b")]
        assert log.next_id() == 2
        assert log.oldest("a") == 1.0

    assert with_log(tmp_path / "log", take) == list(change.deliveries())
    with_log(tmp_path / "log", look)


def test_changes_made_together_share_a_commit_and_all_stand(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        await asyncio.gather(*(log.record(taken(n, "a")) for n in range(1, 101)))
        assert log.counts()["a"]["waiting"] == 100

    assert len(with_log(tmp_path / "log", use)) == 100


def test_an_event_leaves_with_its_last_delivery(tmp_path: Path) -> None:
    path = tmp_path / "log"

    async def use(log: EventLog) -> None:
        await log.record(taken(1, "a", "b"))
        await log.record(Delivered(Delivery(1.0, 1, "a")))
        assert rows(path, "event") == 1
        assert log.read(Delivery(1.0, 1, "a")) is None
        await log.record(Delivered(Delivery(1.0, 1, "b")))
        assert log.counts()["a"] == counts(delivered=1)
        assert log.oldest("a") is None

    with_log(path, use)
    assert (rows(path, "event"), rows(path, "delivery")) == (0, 0)


def test_an_event_that_nobody_wants_is_not_kept(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        await log.record(taken(1))

    assert with_log(tmp_path / "log", use) == []
    assert rows(tmp_path / "log", "event") == 0


def test_a_reply_comes_in_with_the_delivery_that_it_ends(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        await log.record(taken(1, "a"))
        await log.record(Delivered(Delivery(1.0, 1, "a"), taken(2, "b")))
        assert log.read(Delivery(2.0, 2, "b")) is not None

    announced = with_log(tmp_path / "log", use)
    assert announced == [Delivery(1.0, 1, "a"), Delivery(2.0, 2, "b")]


def test_a_failed_commit_keeps_nothing_says_so_to_all_and_the_next_one_stands(
    tmp_path: Path,
) -> None:
    async def use(log: EventLog) -> None:
        changes: list[Change] = [taken(1, "a"), Impossible(), taken(2, "a")]
        results = await asyncio.gather(*map(log.record, changes), return_exceptions=True)
        assert [type(result) for result in results] == [sqlite3.OperationalError] * 3
        assert log.counts() == {}
        await log.record(taken(3, "a"))

    assert with_log(tmp_path / "log", use) == [Delivery(3.0, 3, "a")]
    assert rows(tmp_path / "log", "event") == 1


def test_attempts_due_time_and_failure_are_kept(tmp_path: Path) -> None:
    first = Delivery(1.0, 1, "a")

    async def use(log: EventLog) -> None:
        await log.record(taken(1, "a"))
        await log.record(Postponed(first, 5.0))
        [again] = log.first_due("a", 9, to_sink=False)
        assert again == Delivery(5.0, 1, "a", attempts=1)
        assert log.counts()["a"] == counts(retrying=1)
        await log.record(SentToSink(again, FAILURE, 6.0))
        assert log.first_due("a", 9, to_sink=False) == []
        [to_sink] = log.first_due("a", 9, to_sink=True)
        found = log.read(to_sink)
        assert found is not None
        assert found[1] == FAILURE.to_json()
        await log.record(Delivered(to_sink))
        assert log.counts()["a"] == counts(dead_lettered=1)

    with_log(tmp_path / "log", use)


def test_what_is_buried_can_be_read_page_by_page(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        for number in range(1, 251):
            await log.record(taken(number, "a", "b"))
            await log.record(Buried(Delivery(1.0, number, "a"), "http://s/", FAILURE, 9.0))
        first = log.dead("a", 0)
        rest = log.dead("a", first[-1].id)
        assert [each.event["id"] for each in [*first, *rest]] == [f"e{n}" for n in range(1, 251)]
        assert log.dead("b", 0) == []
        assert first[0].time == "1970-01-01T00:00:09.000000Z"
        assert log.counts()["a"] == counts(dead=250)

    with_log(tmp_path / "log", use)


def test_what_waits_for_a_trigger_that_is_gone_is_buried(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        await log.record(taken(1, "gone", "stays"))
        await log.record(taken(2, "gone"))
        await log.record(Orphaned(["stays"], 9.0))
        assert [each.event["id"] for each in log.dead("gone", 0)] == ["e1", "e2"]
        assert log.counts() == {"gone": counts(dead=2), "stays": counts(waiting=1)}

    with_log(tmp_path / "log", use)
    assert (rows(tmp_path / "log", "event"), rows(tmp_path / "log", "delivery")) == (1, 1)


def test_a_file_in_use_is_refused(tmp_path: Path) -> None:
    async def use(_: EventLog) -> None:
        with pytest.raises(LogUnusable):
            open_log(tmp_path / "log", lambda _: None)

    with_log(tmp_path / "log", use)


def test_a_file_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no-folder").touch()
    with pytest.raises(LogUnusable, match="cannot be the event log"):
        open_log(tmp_path / "no-folder" / "log", lambda _: None)


def counts(**moved: int) -> dict[str, int]:
    """The counts of a Trigger: those given, the others 0."""
    names = ("delivered", "dead_lettered", "waiting", "retrying", "dead")
    return {**dict.fromkeys(names, 0), **moved}
