"""A function's condition: facts and troubles, told when asked, logged when they change."""

import logging

import pytest

from eventing.condition import Condition, Finding, Told, Trouble
from eventing.database import StorageDamaged, StorageUnavailable

REFUSED = Trouble("event-refused", "p1.1", "the broker answered 413: make it smaller or discard it")


def test_it_tells_facts_by_name_and_troubles_together() -> None:
    condition = Condition(
        {
            "outbox": lambda: Finding({"unpublished": 2}, [REFUSED]),
            "database": lambda: Finding({"kind": "sqlite"}),
        }
    )

    assert condition.report() == {
        "troubles": [
            {"kind": "event-refused", "about": "p1.1", "detail": REFUSED.detail},
        ],
        "outbox": {"unpublished": 2},
        "database": {"kind": "sqlite"},
    }


def test_a_trouble_is_one_error_line_when_it_begins_and_one_when_it_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = [REFUSED]
    condition = Condition({"outbox": lambda: Finding(troubles=list(found))})

    for _ in range(3):
        condition.watch()
    found.clear()
    for _ in range(3):
        condition.watch()

    lines = [(each.levelno, each.getMessage()) for each in caplog.records]
    assert lines == [(logging.ERROR, "trouble"), (logging.ERROR, "trouble ended")]


def test_a_database_out_of_reach_is_a_trouble_and_hides_no_other_check() -> None:
    def unreachable() -> Finding:
        raise StorageUnavailable("disk I/O error")

    report = Condition(
        {
            "outbox": unreachable,
            "copies": lambda: Finding({"behind": 0}),
        }
    ).report()

    troubles = report["troubles"]
    assert isinstance(troubles, list)
    assert [each["kind"] for each in troubles] == ["storage-unavailable"]
    assert report["copies"] == {"behind": 0}


def test_a_trouble_does_not_end_because_nobody_could_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    away = False

    def check() -> Finding:
        if away:
            raise StorageUnavailable("database is locked")
        return Finding(troubles=[REFUSED])

    condition = Condition({"outbox": check})
    condition.watch()
    away = True
    condition.watch()
    away = False
    condition.watch()

    told = [(each.getMessage(), each.fields["kind"]) for each in caplog.records]  # type: ignore[attr-defined]
    assert told == [
        ("trouble", "event-refused"),
        ("trouble", "storage-unavailable"),
        ("trouble ended", "storage-unavailable"),
    ]


def test_a_database_out_of_reach_is_one_trouble_however_many_checks_read_it() -> None:
    def unreachable() -> Finding:
        raise StorageUnavailable("database is locked")

    report = Condition({"outbox": unreachable, "copies": unreachable}).report()

    detail = "it cannot be reached (database is locked): see whether it runs and has room"
    assert report["troubles"] == [
        {"kind": "storage-unavailable", "about": "database", "detail": detail}
    ]


def test_a_damaged_database_is_told_by_its_own_check_alone() -> None:
    damaged = Trouble("database-damaged", "posts.db", "restore a backup")

    def check() -> Finding:
        raise StorageDamaged("malformed")

    report = Condition({"outbox": check, "database": lambda: Finding({}, [damaged])}).report()

    assert report["troubles"] == [
        {"kind": "database-damaged", "about": "posts.db", "detail": "restore a backup"}
    ]


def test_a_condition_that_follows_another_repeats_no_line(caplog: pytest.LogCaptureFixture) -> None:
    told: Told = {}
    for _ in range(2):
        Condition({"outbox": lambda: Finding(troubles=[REFUSED])}, told).watch()
    Condition({"outbox": Finding}, told).watch()

    assert [each.getMessage() for each in caplog.records] == ["trouble", "trouble ended"]
