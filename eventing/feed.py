"""The feed: a page of a function's history, for whoever keeps a copy of it."""

from collections.abc import Callable
from dataclasses import dataclass

from eventing import origin
from eventing.cursor import encode_cursor
from eventing.database import Transaction
from eventing.outbox import is_readable


@dataclass(frozen=True, slots=True)
class Page:
    """A page of history: a JSON batch of CloudEvents, and the position to go on from.

    `history` is the token of that position, and `remaining` how many positions lie beyond it.
    """

    batch: str
    next: str
    history: str
    remaining: int


def read_page(
    tx: Transaction, after: int, limit: int, is_young: Callable[[str], bool] = lambda _: False
) -> Page:
    """Up to `limit` events after the position `after` (0 is the start), oldest first.

    Positions are given out before they are committed. Only those below every open transaction
    are shown, so that no reader passes a position that is committed later. A damaged event is left
    out, lest it make the page unreadable. The page ends before the last events if their attributes
    are young.
    """
    rows = tx.rows(
        "SELECT position, attributes, data FROM outbox"
        " WHERE position > ? AND appended_in < oldest_open_transaction()"
        " ORDER BY position LIMIT ?",
        after,
        limit,
    )
    while rows and is_young(rows[-1]["attributes"]):
        rows.pop()
    last = rows[-1]["position"] if rows else after
    batch = ",".join(join_json(row["attributes"], row["data"]) for row in rows if is_readable(row))
    remaining = max(0, _last_position(tx) - last)
    return Page(f"[{batch}]", encode_cursor(last), origin.token(tx, last), remaining)


def join_json(attributes: str, data: str) -> str:
    """One event in the JSON format, from the two JSON texts of its row."""
    return f'{attributes[:-1]},"data":{data}}}'


def _last_position(tx: Transaction) -> int:
    row = tx.row("SELECT MAX(position) AS last FROM outbox")
    return (row["last"] if row else None) or 0
