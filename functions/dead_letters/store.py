"""Dead letters in their own database, and which posts have been deleted."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eventing.database import Row, Transaction
from eventing.outbox import to_event
from functions.dead_letters.rules import POST_IS_DELETED, Failure, Letter

MIGRATIONS = Path(__file__).parent / "migrations"

_SHOWN = (
    "id, trigger_name, post_id, attributes, error_dest, reason, said, first_at, last_at, failures,"
    " discarded"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Letters of this Trigger, or of all when it is empty: those that can be delivered or not."""

    trigger: str
    discarded: bool


def keep(tx: Transaction, letter: Letter) -> None:
    """Keep a letter, or count the one that is kept; of a deleted post no text is kept."""
    if letter.post_id and _hold_post(tx, letter.post_id):
        blank = Failure(letter.failure.reason)
        event = replace(letter.event, data=b"")
        letter = replace(letter, event=event, failure=blank, discarded=POST_IS_DELETED)
    tx.execute(
        f"INSERT INTO dead_letters (data, {_SHOWN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        " ON CONFLICT (id) DO UPDATE SET failures = dead_letters.failures + 1,"
        " last_at = excluded.last_at, reason = excluded.reason, error_dest = excluded.error_dest,"
        " said = CASE WHEN dead_letters.discarded IS NULL THEN excluded.said ELSE '' END",
        letter.event.data,
        *(letter.id, letter.trigger, letter.post_id, json.dumps(letter.event.attributes())),
        *(letter.error_dest, letter.failure.reason, letter.failure.said),
        *(letter.first_at, letter.last_at, letter.failures, letter.discarded),
    )


def find(tx: Transaction, letter_id: str) -> Letter | None:
    """A letter, whole."""
    row = tx.row(f"SELECT data, {_SHOWN} FROM dead_letters WHERE id = ?", letter_id)  # noqa: S608
    return _letter(row, bytes(row["data"])) if row else None


def page(tx: Transaction, wanted: Wanted, after: tuple[str, str], limit: int) -> Sequence[Letter]:
    """Letters after the one that `after` names by time and id, oldest first, without data."""
    state = "NOT NULL" if wanted.discarded else "NULL"
    rows = tx.rows(
        f"SELECT {_SHOWN} FROM dead_letters WHERE discarded IS {state}"  # noqa: S608
        " AND (first_at, id) > (?, ?) AND ? IN (trigger_name, '') ORDER BY first_at, id LIMIT ?",
        *(*after, wanted.trigger, limit),
    )
    return [_letter(row) for row in rows]


def longest_left_alone(tx: Transaction, trigger: str, limit: int) -> Sequence[str]:
    """Ids of a Trigger's letters, those first that failed longest ago."""
    rows = tx.rows(
        "SELECT id FROM dead_letters WHERE discarded IS NULL AND trigger_name = ?"
        " ORDER BY last_at LIMIT ?",
        trigger,
        limit,
    )
    return [row["id"] for row in rows]


def count(tx: Transaction, trigger: str) -> int:
    """How many letters of a Trigger can be delivered."""
    row = tx.row(
        "SELECT count(*) AS kept FROM dead_letters WHERE discarded IS NULL AND trigger_name = ?",
        trigger,
    )
    return int(row["kept"]) if row else 0


def forget(tx: Transaction, letter_id: str) -> None:
    """The subscriber has the event."""
    tx.execute("DELETE FROM dead_letters WHERE id = ? AND discarded IS NULL", letter_id)


def count_failure(tx: Transaction, letter_id: str, failure: Failure, now: str) -> None:
    """The subscriber did not take the event this time either."""
    tx.execute(
        "UPDATE dead_letters SET failures = failures + 1, last_at = ?, reason = ?, said = ?"
        " WHERE id = ? AND discarded IS NULL",
        *(now, failure.reason, failure.said, letter_id),
    )


def discard(tx: Transaction, letter_id: str, reason: str) -> None:
    """Leave of a letter its attributes and the reason."""
    tx.execute(
        "UPDATE dead_letters SET discarded = ?, data = ?, said = ''"
        " WHERE id = ? AND discarded IS NULL",
        *(reason, b"", letter_id),
    )


def delete_post(tx: Transaction, post_id: str) -> None:
    """No letter holds texts of the post, now or later."""
    tx.execute(
        "INSERT INTO posts (id, deleted) VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET deleted = 1",
        post_id,
    )
    tx.execute(
        "UPDATE dead_letters SET discarded = ?, data = ?, said = ''"
        " WHERE post_id = ? AND discarded IS NULL",
        *(POST_IS_DELETED, b"", post_id),
    )


def _hold_post(tx: Transaction, post_id: str) -> bool:
    """Whether the post is deleted; held, so that no letter slips in beside its deletion."""
    row = tx.row(
        "INSERT INTO posts (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET deleted = posts.deleted"
        " RETURNING deleted",
        post_id,
    )
    return bool(row and row["deleted"])


def _letter(row: Row, data: bytes = b"") -> Letter:
    same = ("id", "post_id", "error_dest", "first_at", "last_at", "failures", "discarded")
    return Letter(
        trigger=row["trigger_name"],
        event=replace(to_event(row["attributes"], ""), data=data),
        failure=Failure(row["reason"], row["said"]),
        **{name: row[name] for name in same},
    )
