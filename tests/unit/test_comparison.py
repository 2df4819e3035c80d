"""Comparing two tables: page by page, whatever is missing where."""

from collections.abc import Iterable

import pytest

from eventing.comparison import PAGE, differences
from eventing.database import Database

WHOLE = [f"{number:05}" for number in range(2 * PAGE + 5)]


def compare(database: Database, found: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """What differs between tables with these keys."""
    with database.transaction() as tx:
        for table, keys in (("found", found), ("wanted", wanted)):
            tx.execute(f"CREATE TABLE {table} (id TEXT PRIMARY KEY, text TEXT)")
            for key in keys:
                tx.execute(f"INSERT INTO {table} VALUES (?, NULL)", key)  # noqa: S608
    return [str(each) for each in differences(database, "found", "wanted")]


@pytest.mark.parametrize(
    "lost",
    [[], WHOLE, WHOLE[:1], WHOLE[-1:], WHOLE[PAGE - 1 : PAGE + 1], WHOLE[PAGE:], WHOLE[::7]],
    ids=["nothing", "all", "first", "last", "where pages meet", "all but a page", "every seventh"],
)
def test_whatever_is_missing_or_too_much_is_found(database: Database, lost: list[str]) -> None:
    left = sorted(set(WHOLE) - set(lost))
    assert compare(database, left, WHOLE) == [f"found {key} is missing" for key in lost]
    with database.transaction() as tx:
        for table in ("found", "wanted"):
            tx.execute(f"DROP TABLE {table}")
    assert compare(database, WHOLE, left) == [f"found {key} should not be there" for key in lost]


def test_what_differs_is_named_by_its_columns_also_where_nothing_was(database: Database) -> None:
    compare(database, ["a", "b"], ["a", "b"])
    with database.transaction() as tx:
        tx.execute("UPDATE wanted SET text = 'b' WHERE id = 'b'")
    assert [str(each) for each in differences(database, "found", "wanted")] == [
        "found b differs in text"
    ]
