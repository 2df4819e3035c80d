"""Dead letters in their own database, and which posts have been deleted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eventing import rebuild
from eventing.database import POOL_SIZE, Database, Row, Transaction
from eventing.outbox import to_event
from eventing.patience import step_aside
from functions.dead_letters.failure import Failure
from functions.dead_letters.rules import POST_IS_DELETED, Letter
from functions.events import PostRemoval

MIGRATIONS = Path(__file__).parent / "migrations"
DELETED_POSTS_MIGRATIONS = MIGRATIONS / "deleted_posts"

_SHOWN = (
    "id, trigger_name, post_id, attributes, error_dest, reason, said, first_at, last_at, failures,"
    " refused, turn, discarded"
)
WHOLE = f"data, {_SHOWN}"


def open_database(env: Mapping[str, str], *, pool_size: int = POOL_SIZE) -> Database:
    """The database that the environment names."""
    url = env.get("DATABASE_URL") or "sqlite:///data/dead_letters.db"
    folders = [rebuild.MIGRATIONS, DELETED_POSTS_MIGRATIONS, MIGRATIONS]
    return Database(url, folders, pool_size=pool_size)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Letters of this Trigger, or of all when it is empty: those that can be delivered or not."""

    trigger: str
    discarded: bool


def keep(tx: Transaction, letter: Letter, *, known: bool, limit: int) -> bool:
    """Keep a letter, or count the one that is kept; of a deleted post no text is kept.

    False when it would wait for a person, as `limit` letters of its Trigger already do; all do
    whose Trigger is not `known`.
    """
    if letter.post_id and _is_deleted(tx, letter.post_id):
        blank = Failure(letter.failure.reason)
        event = replace(letter.event, data=b"")
        letter = replace(letter, event=event, failure=blank, discarded=POST_IS_DELETED)
    elif (letter.refused or not known) and _is_full(tx, letter, known=known, limit=limit):
        return False
    tx.execute(
        f"INSERT INTO dead_letters ({WHOLE})"  # noqa: S608
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET failures = dead_letters.failures + 1,"
        " last_at = excluded.last_at, reason = excluded.reason, error_dest = excluded.error_dest,"
        " refused = excluded.refused,"
        " turn = CASE WHEN excluded.refused = 0 THEN COALESCE(dead_letters.turn, 0) END,"
        " said = CASE WHEN dead_letters.discarded IS NULL THEN excluded.said ELSE '' END",
        letter.event.data,
        *(letter.id, letter.trigger, letter.post_id, json.dumps(letter.event.attributes())),
        *(letter.error_dest, letter.failure.reason, letter.failure.said),
        *(letter.first_at, letter.last_at, letter.failures),
        *(int(letter.refused), letter.turn, letter.discarded),
    )
    return True


def find(tx: Transaction, letter_id: str) -> Letter | None:
    """A letter, whole."""
    row = tx.row(f"SELECT {WHOLE} FROM dead_letters WHERE id = ?", letter_id)  # noqa: S608
    return whole(row) if row else None


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


def groups(tx: Transaction) -> Sequence[tuple[str, str, bool, int]]:
    """Trigger, reason, whether it was refused, and how many such letters can be delivered."""
    rows = tx.rows(
        "SELECT trigger_name, reason, refused, COUNT(*) AS letters FROM dead_letters"
        " WHERE discarded IS NULL GROUP BY trigger_name, refused, reason"
    )
    return [
        (row["trigger_name"], row["reason"], bool(row["refused"]), int(row["letters"]))
        for row in rows
    ]


def forget(tx: Transaction, letter_id: str) -> None:
    """The subscriber has the event."""
    tx.execute("DELETE FROM dead_letters WHERE id = ? AND discarded IS NULL", letter_id)


def count_failure(
    tx: Transaction, letter_id: str, failure: Failure, now: str, *, refused: bool
) -> None:
    """The subscriber did not take the event this time either; `refused`: the letter waits for a
    person. It has another turn by itself if the failure passes."""
    tx.execute(
        "UPDATE dead_letters SET failures = failures + 1, last_at = :now, reason = :reason,"
        " said = :said, refused = :refused, turn = CASE WHEN :passes = 1 THEN COALESCE(turn, 0) END"
        " WHERE id = :id AND discarded IS NULL",
        now=now,
        reason=failure.reason,
        said=failure.said,
        refused=int(refused),
        passes=int(failure.passes),
        id=letter_id,
    )


def discard(tx: Transaction, letter_id: str, reason: str) -> None:
    """Leave of a letter its attributes and the reason."""
    tx.execute(
        "UPDATE dead_letters SET discarded = ?, data = ?, said = ''"
        " WHERE id = ? AND discarded IS NULL",
        *(reason, b"", letter_id),
    )


def delete_post(tx: Transaction, removal: PostRemoval) -> bool:
    """No letter holds texts of the post, now or later; False when that was so already."""
    step_aside()
    _hold_post(tx, removal.id)
    tx.execute(
        "UPDATE dead_letters SET discarded = ?, data = ?, said = ''"
        " WHERE post_id = ? AND discarded IS NULL",
        *(POST_IS_DELETED, b"", removal.id),
    )
    tx.erase_traces()
    insert = "INSERT INTO deleted_posts (id) VALUES (?) ON CONFLICT DO NOTHING"
    return tx.execute(insert, removal.id) == 1


def lacks_deletions(tx: Transaction, removals: Sequence[PostRemoval]) -> list[bool]:
    """Which of these posts are not known to be deleted."""
    values = ", ".join("?" * len(removals))
    select = f"SELECT id FROM deleted_posts WHERE id IN ({values})"  # noqa: S608
    known = {row["id"] for row in tx.rows(select, *(removal.id for removal in removals))}
    return [removal.id not in known for removal in removals]


def _is_full(tx: Transaction, letter: Letter, *, known: bool, limit: int) -> bool:
    """Whether so many letters of its Trigger wait for a person, and this one is not kept yet."""
    row = tx.row(
        "SELECT 1 AS one FROM dead_letters WHERE discarded IS NULL AND trigger_name = ?"
        " AND refused >= ? LIMIT 1 OFFSET ?",
        *(letter.trigger, int(known), limit - 1),
    )
    kept = "SELECT 1 AS one FROM dead_letters WHERE id = ?"
    return row is not None and tx.row(kept, letter.id) is None


def _hold_post(tx: Transaction, post_id: str) -> None:
    """Hold the post, so that no letter slips in beside its deletion."""
    tx.execute(
        "INSERT INTO posts (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET deleted = posts.deleted",
        post_id,
    )


def _is_deleted(tx: Transaction, post_id: str) -> bool:
    _hold_post(tx, post_id)
    return tx.row("SELECT id FROM deleted_posts WHERE id = ?", post_id) is not None


def whole(row: Row) -> Letter:
    """The letter in a row with the columns `WHOLE`."""
    return _letter(row, bytes(row["data"]))


def _letter(row: Row, data: bytes = b"") -> Letter:
    same = ("id", "post_id", "error_dest", "first_at", "last_at", "failures", "turn", "discarded")
    return Letter(
        trigger=row["trigger_name"],
        event=replace(to_event(row["attributes"], ""), data=data),
        failure=Failure(row["reason"], row["said"], passes=not row["refused"]),
        refused=bool(row["refused"]),
        **{name: row[name] for name in same},
    )
