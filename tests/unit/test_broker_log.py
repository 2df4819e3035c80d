"""The event log on a real file: what is kept, what leaves, what a failed commit leaves behind."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from broker.changes import Batch, Change, Delivered, Moved, Resumed, Taken
from broker.clock import FOR_GOOD
from broker.log import EventLog, open_log
from broker.logfile import LogUnusable
from broker.records import Delivery, Failure, Stage, Stored, timestamp
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
        extensions={"a": "", "knativearrivaltime": timestamp(number)},
    )
    return Taken(
        number, Stored(event, 200, {"x-request-id": "r"}), triggers, float(number), float(number)
    )


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
        assert log.first_due("b", Stage.SUBSCRIBER, 9) == [Delivery(1.0, 1, "b")]
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
        again, to_sink = Delivery(5.0, 1, "a", attempts=1), Delivery(6.0, 1, "a", Stage.SINK)
        await log.record(Moved(first, again))
        assert log.first_due("a", Stage.SUBSCRIBER, 9) == [again]
        assert log.counts()["a"] == counts(retrying=1)
        await log.record(Moved(again, to_sink, FAILURE))
        assert log.first_due("a", Stage.SUBSCRIBER, 9) == []
        assert log.first_due("a", Stage.SINK, 9) == [to_sink]
        last = replace(to_sink, attempts=1)
        await log.record(Moved(to_sink, last))
        found = log.read(last)
        assert found is not None
        assert found[1] == FAILURE
        await log.record(Delivered(last, to_sink=True))
        assert log.counts()["a"] == counts(dead_lettered=1)

    with_log(tmp_path / "log", use)


def kept(number: int, trigger: str, due: float = 9.0) -> Moved:
    """Neither the subscriber nor the sink took that event."""
    waiting = Delivery(float(number), number, trigger)
    return Moved(waiting, Delivery(due, number, trigger, Stage.KEPT), FAILURE)


def test_what_is_kept_can_be_read_page_by_page(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        for number in range(1, 251):
            await log.record(taken(number, "a", "b"))
            await log.record(kept(number, "a"))
        first = log.dead("a")
        rest = log.dead("a", first[-1])
        assert [each.event["id"] for each in [*first, *rest]] == [f"e{n}" for n in range(1, 251)]
        assert log.dead("b") == []
        assert first[0].time == "1970-01-01T00:00:01.000000Z"
        assert log.counts()["a"] == counts(dead=250)

    with_log(tmp_path / "log", use)


def test_a_page_may_end_between_two_triggers_of_one_event(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        for number in range(1, 102):
            await log.record(taken(number, "a", "b"))
            await log.record(kept(number, "a"))
            if number > 1:
                await log.record(kept(number, "b"))
        first = log.dead(None)
        assert first[-1].trigger == "a"
        [last] = log.dead(None, first[-1])
        assert (last.id, last.trigger) == (101, "b")

    with_log(tmp_path / "log", use)


def test_what_waits_for_a_person_is_tried_at_the_next_start_and_leaves_when_it_is_taken(
    tmp_path: Path,
) -> None:
    again = Delivery(50.0, 1, "a", Stage.KEPT)

    async def use(log: EventLog) -> None:
        await log.record(taken(1, "a"))
        await log.record(kept(1, "a", due=FOR_GOOD))
        assert log.first_due("a", Stage.KEPT, 9) == []
        assert log.waiting_for_person("a") == 1
        await log.record(Resumed(["a"], 50.0))
        assert log.waiting_for_person("a") == 0
        assert log.first_due("a", Stage.KEPT, 9) == [again]
        await log.record(Delivered(again, to_sink=True))
        assert log.dead(None) == []
        assert log.counts()["a"] == counts(dead_lettered=1)

    with_log(tmp_path / "log", use)
    assert (rows(tmp_path / "log", "event"), rows(tmp_path / "log", "delivery")) == (0, 0)


def test_what_waits_for_a_trigger_that_is_gone_is_kept(tmp_path: Path) -> None:
    async def use(log: EventLog) -> None:
        await log.record(taken(1, "gone", "stays"))
        await log.record(taken(2, "gone"))
        to_sink = Delivery(2.0, 2, "gone", Stage.SINK)
        await log.record(Moved(Delivery(2.0, 2, "gone"), to_sink, FAILURE))
        await log.record(Resumed(["stays"], 9.0))
        assert [(each.event["id"], each.reason) for each in log.dead("gone")] == [
            ("e1", "its Trigger is no longer in the manifests"),
            ("e2", "answered 400"),
        ]
        assert log.counts() == {"gone": counts(dead=2), "stays": counts(waiting=1)}
        assert log.waiting_for_person("gone") == 2
        await log.record(Resumed(["gone", "stays"], 10.0))
        found = log.first_due("gone", Stage.KEPT, 9)
        assert [(each.event, each.due) for each in found] == [(1, 10.0), (2, 10.0)]

    with_log(tmp_path / "log", use)
    assert (rows(tmp_path / "log", "event"), rows(tmp_path / "log", "delivery")) == (2, 3)


def test_nothing_of_a_finished_event_stays_in_the_file(tmp_path: Path) -> None:
    secret = b"a text that must not stay " * 4_000  # longer than a page
    event = CloudEvent(id="e1", source="/s", type="t", data=secret)
    said = replace(FAILURE, data="c2FpZA==" * 50)

    async def use(log: EventLog) -> None:
        await log.record(Taken(1, Stored(event, 200, {}), ("a",), 1.0, 1.0))
        to_sink = Delivery(6.0, 1, "a", Stage.SINK)
        await log.record(Moved(Delivery(1.0, 1, "a"), to_sink, said))
        await log.record(Delivered(to_sink))

    with_log(tmp_path / "log", use)  # closing writes everything to the one file
    assert [file.name for file in tmp_path.iterdir()] == ["log", "log.lock"]
    left = (tmp_path / "log").read_bytes()
    assert b"must not stay" not in left
    assert b"c2FpZA==" not in left


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
