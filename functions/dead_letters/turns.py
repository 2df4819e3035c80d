"""Which letters are delivered next, and by whom: one letter is in one delivery at a time.

No time is compared: a delivery counts up for as long as its process lives (`beat`).
"""

from collections.abc import Mapping, Sequence

from eventing.database import Transaction
from functions.dead_letters import store
from functions.dead_letters.rules import Letter

_FREE = "discarded IS NULL AND turn IS NOT NULL AND delivery IS NULL"
_NEXT_TURN = (
    "(SELECT COALESCE(MAX(turn), 0) + 1 FROM dead_letters"
    " WHERE turn IS NOT NULL AND discarded IS NULL)"
)


def count(tx: Transaction, triggers: Sequence[str]) -> int:
    """How many letters of these Triggers are delivered by themselves."""
    row = tx.row(
        "SELECT COUNT(*) AS waiting FROM dead_letters WHERE turn IS NOT NULL"  # noqa: S608
        f" AND discarded IS NULL AND trigger_name IN ({_places(triggers)})",
        *triggers,
    )
    return int(row["waiting"]) if row else 0


def take(tx: Transaction, delivery: str, triggers: Sequence[str], limit: int) -> list[Letter]:
    """Put up to `limit` free letters of these Triggers into a new delivery.

    New ones come first, then those that were tried again longest ago.
    """
    chosen = (
        f"SELECT id FROM dead_letters WHERE {_FREE}"  # noqa: S608
        f" AND trigger_name IN ({_places(triggers)}) ORDER BY turn, id LIMIT ?"
    )
    rows = tx.rows(
        f"UPDATE dead_letters SET delivery = ?, turn = {_NEXT_TURN}"  # noqa: S608
        f" WHERE {_FREE} AND id IN ({chosen}) RETURNING {store.WHOLE}",
        *(delivery, *triggers, limit),
    )
    _begin(tx, delivery)
    return [store.whole(row) for row in rows]


def take_one(tx: Transaction, delivery: str, letter_id: str) -> Letter | None:
    """Put this letter into a new delivery; None when it is discarded, gone or in another one."""
    row = tx.row(
        "UPDATE dead_letters SET delivery = ?"  # noqa: S608
        f" WHERE id = ? AND discarded IS NULL AND delivery IS NULL RETURNING {store.WHOLE}",
        *(delivery, letter_id),
    )
    if row is None:
        return None
    _begin(tx, delivery)
    return store.whole(row)


def _begin(tx: Transaction, delivery: str) -> None:
    tx.execute("INSERT INTO deliveries (id) VALUES (?)", delivery)


def end(tx: Transaction, delivery: str) -> None:
    """Let go of what is left of a delivery."""
    tx.execute("UPDATE dead_letters SET delivery = NULL WHERE delivery = ?", delivery)
    tx.execute("DELETE FROM deliveries WHERE id = ?", delivery)


def beat(tx: Transaction, mine: Sequence[str]) -> Mapping[str, int]:
    """Count up one's own deliveries; the count of each of the others."""
    for delivery in mine:
        tx.execute("UPDATE deliveries SET beat = beat + 1 WHERE id = ?", delivery)
    rows = tx.rows("SELECT id, beat FROM deliveries")
    return {row["id"]: row["beat"] for row in rows if row["id"] not in mine}


def try_refused_again(tx: Transaction, since: str, now: str) -> int:
    """Give letters that were refused another turn, unless they were tried between these times."""
    return tx.execute(
        "UPDATE dead_letters SET turn = 0 WHERE refused = 1 AND turn IS NULL"
        " AND discarded IS NULL AND (last_at < ? OR last_at > ?)",
        *(since, now),
    )


def _places(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
