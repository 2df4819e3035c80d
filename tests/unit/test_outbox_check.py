"""What `GET /status` says about an outbox: what waits, how long, and what keeps it there."""

from datetime import UTC, datetime, timedelta

import pytest

from eventing import outbox, refused
from eventing.condition import Trouble
from eventing.database import Database
from eventing.outbox_check import LONG, SHOWN, OutboxCheck, Waiting
from eventing.refused import Refusal
from tests.unit.outboxes import append

WRITTEN = datetime(2026, 1, 31, 12, tzinfo=UTC)  # the time of each event in these tests
AT = "2026-01-31T12:00:00.000000Z"
DAY = 86_400  # seconds


class Time:
    """What has passed in seconds, and by how much the machine's clock is wrong."""

    def __init__(self, database: Database) -> None:
        self.passed = 0.0
        self.ahead = 0.0
        self._database = database
        self._waiting = Waiting(
            lambda: int(self.passed * 1000),
            lambda: WRITTEN + timedelta(seconds=self.passed + self.ahead),
        )

    def wait(self) -> float | None:
        with self._database.snapshot() as tx:
            return self._waiting.seconds(tx)


def refuse(database: Database, *event_ids: str, said: str = "too large") -> None:
    with database.transaction() as tx:
        for leased in outbox.lease(tx, 1_000_000, 100):
            if leased.event.id in event_ids:
                refused.note(tx, leased, Refusal(413, said, AT), 1_000_000)


def mark_all_published(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute("UPDATE outbox SET published = 1")


def check(database: Database, failure: str | None = "") -> OutboxCheck:
    why = None if failure is None else lambda: failure
    return OutboxCheck(database, why, "blog outbox")


def test_an_empty_outbox_is_well(database: Database) -> None:
    found = check(database)()

    assert found.facts == {"unpublished": 0, "oldestWait": None, "refused": 0}
    assert found.troubles == []


def test_a_refused_event_is_a_trouble_with_what_the_broker_said_and_the_remedy(
    database: Database,
) -> None:
    append(database, "a1", "a2", "a3", "b1")
    refuse(database, "a1")

    found = check(database)()

    assert (found.facts["unpublished"], found.facts["refused"]) == (4, 1)
    assert found.troubles == [
        Trouble(
            "event-refused",
            "a1",
            "the broker answered 413: too large; later events that wait for it: 2; once that is"
            " mended, `blog outbox retry a1`, or give it up with"
            " `blog outbox discard a1 --reason …`",
        )
    ]


def test_of_many_refused_events_some_are_named_and_the_others_counted(database: Database) -> None:
    event_ids = [f"{letter}{letter}1" for letter in "abcdefghijklmnopqrstuvwxyz"]
    append(database, *event_ids)
    refuse(database, *event_ids)

    troubles = check(database)().troubles

    assert [each.about for each in troubles] == [*event_ids[:SHOWN], "others"]
    assert troubles[-1].detail == "6 more events are refused: see `blog outbox`"


def test_events_without_a_sink_are_a_trouble(database: Database) -> None:
    assert check(database, None)().troubles == []
    append(database, "a1")

    [trouble] = check(database, None)().troubles

    assert (trouble.kind, trouble.about) == ("sink-missing", "K_SINK")


def test_an_event_that_waits_for_minutes_is_a_trouble_that_says_why(database: Database) -> None:
    append(database, "a1")

    [trouble] = check(database, "http://broker/ answered 503")().troubles

    assert (trouble.kind, trouble.about) == ("events-wait", "outbox")
    assert trouble.detail.endswith(": http://broker/ answered 503")
    mark_all_published(database)
    assert check(database)().troubles == []


def test_a_wait_begins_with_the_events_own_time(database: Database) -> None:
    time = Time(database)
    assert time.wait() is None
    time.passed = LONG

    append(database, "a1")
    again = Time(database)  # after a restart
    again.passed = LONG

    assert again.wait() == LONG


@pytest.mark.parametrize("ahead", [40 * DAY, -40 * DAY])
def test_a_wait_is_true_while_the_clock_is_wrong(database: Database, ahead: float) -> None:
    append(database, "a1")
    time = Time(database)
    time.passed = 10
    assert time.wait() == 10

    time.passed, time.ahead = 25, ahead

    assert time.wait() == 25


def test_a_wait_is_never_negative_and_grows(database: Database) -> None:
    """The event was written while the clock was ahead."""
    append(database, "a1")
    time = Time(database)
    time.ahead = -DAY
    assert time.wait() == 0

    time.passed = 5

    assert time.wait() == 5


def test_an_event_that_was_not_there_at_the_last_look_has_not_waited_longer(
    database: Database,
) -> None:
    """It was written while the clock was behind."""
    append(database, "a1")
    time = Time(database)
    assert time.wait() == 0
    mark_all_published(database)
    append(database, "b1")
    time.passed, time.ahead = 60, 40 * DAY

    assert time.wait() == 60


def test_a_damaged_event_waits_too(database: Database) -> None:
    append(database, "a1")
    with database.transaction() as tx:
        tx.execute("UPDATE outbox SET attributes = '{'")

    assert check(database)().facts["oldestWait"] == 0
