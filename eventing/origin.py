"""Which history this is: a token that goes with every position, and that another history lacks."""

import hashlib

from eventing.database import Transaction


class OtherHistory(Exception):
    """The position belongs to another history than this one."""


def token(tx: Transaction, position: int) -> str:
    """What shows that `position` belongs to this history: who it is, and the event that is there.

    It is another one when the history was created again, restored from a backup or moved to another
    server. A false alarm costs a reader one comparison from the start.
    """
    row = tx.row("SELECT identity FROM history")
    identity = _digest(f"{row['identity'] if row else ''} {tx.origin()}")
    return f"{identity}.{_digest(event) if (event := _event(tx, position)) else 0}"


def check(tx: Transaction, position: int, given: str | None) -> None:
    """OtherHistory unless `position` is one of this history; `given` is what came with it.

    Positions from before tokens existed have none; they are good if an event stands there.
    """
    expected = token(tx, position)
    beyond = position > 0 and _event(tx, position) is None
    if beyond or (given is not None and given != expected):
        raise OtherHistory


def _event(tx: Transaction, position: int) -> str | None:
    """The attributes of the event at this position: they never change, and its time is in them."""
    row = tx.row("SELECT attributes FROM outbox WHERE position = ?", position)
    return str(row["attributes"]) if row else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
