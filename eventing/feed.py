"""The feed: a page of a function's history, for whoever rebuilds a copy from it."""

from dataclasses import dataclass

from eventing.cursor import encode_cursor
from eventing.database import Transaction
from eventing.outbox import is_readable


@dataclass(frozen=True, slots=True)
class Page:
    """A page of history: a JSON batch of CloudEvents, and the position to go on from."""

    batch: str
    next: str


def read_page(tx: Transaction, after: int, limit: int) -> Page:
    """Up to `limit` events after the position `after` (0 is the start), oldest first.

    Positions are given out before they are committed. Only those below every open transaction
    are shown, so that no reader passes a position that is committed later. A damaged event is left
    out, lest it make the page unreadable.
    """
    rows = tx.rows(
        "SELECT position, attributes, data FROM outbox"
        " WHERE position > ? AND appended_in < oldest_open_transaction()"
        " ORDER BY position LIMIT ?",
        after,
        limit,
    )
    batch = ",".join(join_json(row["attributes"], row["data"]) for row in rows if is_readable(row))
    return Page(f"[{batch}]", encode_cursor(rows[-1]["position"] if rows else after))


def join_json(attributes: str, data: str) -> str:
    """One event in the JSON format, from the two JSON texts of its row."""
    return f'{attributes[:-1]},"data":{data}}}'
