"""A function's condition: facts and troubles, told when asked, logged when they change."""

import logging

import pytest

from eventing.condition import Condition, Finding, Trouble
from eventing.database import StorageUnavailable

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
