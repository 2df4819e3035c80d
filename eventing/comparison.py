"""What differs between two tables with the same columns and a key `id`: a pure reading of both."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eventing.database import Database, Transaction

PAGE = 1_000  # rows of each table read in one transaction


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong with one row, never what it says."""

    table: str
    id: str
    what: str

    def __str__(self) -> str:
        return f"{self.table} {self.id} {self.what}"


def differences(
    database: Database,
    table: str,
    wanted: str,
    *,
    pause: Callable[[int, float], None] = lambda _size, _started: None,
) -> Iterator[Difference]:
    """What `table` lacks, has too much or has otherwise than the table `wanted`, by key.

    `pause` is told after each page how many rows it had and when (monotonic) it was begun.
    """
    after: str | None = ""
    while after is not None:
        started = time.monotonic()
        with database.snapshot() as tx:
            last = _last_of_page(tx, (table, wanted), after)
            found, right = (_rows(tx, name, after, last) for name in (table, wanted))
        for key in sorted(found.keys() | right.keys()):
            if what := _compare(found.get(key), right.get(key)):
                yield Difference(table, key, what)
        pause(len(right), started)
        after = last


def _last_of_page(tx: Transaction, tables: Sequence[str], after: str) -> str | None:
    """The key up to which each table has at most a page of rows; None when that is all."""
    pages = " UNION ALL ".join(
        "SELECT max(id) AS last, count(*) AS size FROM"  # noqa: S608
        f" (SELECT id FROM {table} WHERE id > ? ORDER BY id LIMIT {PAGE}) AS page"
        for table in tables
    )
    row = tx.row(
        f"SELECT min(last) AS last FROM ({pages}) AS pages WHERE size = {PAGE}",  # noqa: S608
        *(after for _ in tables),
    )
    return row["last"] if row else None


def _rows(
    tx: Transaction, table: str, after: str, last: str | None
) -> Mapping[str, Mapping[str, object]]:
    span = ("id > ?", after) if last is None else ("id > ? AND id <= ?", after, last)
    rows = tx.rows(f"SELECT * FROM {table} WHERE {span[0]}", *span[1:])  # noqa: S608
    return {row["id"]: dict(row) for row in rows}


def _compare(found: Mapping[str, object] | None, right: Mapping[str, object] | None) -> str:
    """In words; empty when they are alike."""
    if found is None or right is None:
        return "is missing" if found is None else "should not be there"
    columns = [name for name, value in right.items() if found.get(name) != value]
    return f"differs in {', '.join(columns)}" if columns else ""
