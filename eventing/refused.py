"""Events that the broker refuses for good: each holds up its own entity, until it is taken or
given up."""

from dataclasses import dataclass
from typing import Literal

from eventing import outbox
from eventing.database import Row, Transaction
from eventing.outbox import Leased

_FROM = "FROM refused_events AS refused JOIN outbox ON outbox.position = refused.position"
_COLUMNS = (
    "outbox.position, id, entity, attributes, data, refusals, status, said, refused_at, discarded,"
    " discarded_at"
)
_WAITS = "published = 0 AND refusals > 0"

State = Literal["waiting", "discarded"]
_STATES = {"waiting": _WAITS, "discarded": "discarded IS NOT NULL AND published = 1"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """How the broker refused an event, in its own words, and when."""

    status: int
    said: str
    at: str


def note(tx: Transaction, leased: Leased, refusal: Refusal, now: int) -> None:
    """End the lease of an event that was refused; it is tried again after a long pause."""
    pause = outbox.refused_pause(leased.refusals + 1)
    if not outbox.give_back(tx, leased, now + pause):
        return  # published by another relay, or given up
    tx.execute("UPDATE outbox SET refusals = refusals + 1 WHERE position = ?", leased.position)
    tx.execute(
        "INSERT INTO refused_events (position, status, said, refused_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (position) DO UPDATE SET status = excluded.status, said = excluded.said,"
        " refused_at = excluded.refused_at",
        leased.position,
        refusal.status,
        refusal.said,
        refusal.at,
    )


def note_published(tx: Transaction, leased: Leased, now: int) -> None:
    """The broker has taken an event that it refused before: it may take the others, too."""
    tx.execute("UPDATE outbox SET refusals = 0 WHERE position = ?", leased.position)
    tx.execute("DELETE FROM refused_events WHERE position = ?", leased.position)
    retry_all(tx, now)


def retry_all(tx: Transaction, now: int) -> None:
    """Try all of them again now, but those that are under way."""
    tx.execute(
        f"UPDATE outbox SET due_at = 0 WHERE {_WAITS} AND due_at > ?",  # noqa: S608 - constant
        now + outbox.LEASE,
    )


def retry(tx: Transaction, event_id: str) -> bool:
    """Try one again now; False if there is none with this id."""
    return tx.execute(f"UPDATE outbox SET due_at = 0 WHERE id = ? AND {_WAITS}", event_id) == 1  # noqa: S608


def discard(tx: Transaction, event_id: str, reason: str, at: str) -> bool:
    """Give one up: it stays in the history, and its entity's later events leave without it.

    False if there is none with this id.
    """
    given_up = f"UPDATE outbox SET published = 1 WHERE id = ? AND {_WAITS}"  # noqa: S608 - constant
    if tx.execute(given_up, event_id) == 0:
        return False
    tx.execute(
        "UPDATE refused_events SET discarded = ?, discarded_at = ?"
        " WHERE position = (SELECT position FROM outbox WHERE id = ?)",
        reason,
        at,
        event_id,
    )
    return True


def find(tx: Transaction, event_id: str) -> Row | None:
    """The one with this id, waiting or given up."""
    return tx.row(f"SELECT {_COLUMNS} {_FROM} WHERE id = ?", event_id)


def page(tx: Transaction, state: State, after: int, limit: int) -> list[Row]:
    """Up to `limit` after the position `after`, oldest first."""
    return tx.rows(
        f"SELECT {_COLUMNS} {_FROM}"
        f" WHERE {_STATES[state]} AND outbox.position > ? ORDER BY outbox.position LIMIT ?",
        after,
        limit,
    )


def count(tx: Transaction) -> int:
    """How many wait."""
    row = tx.row(f"SELECT COUNT(*) AS refused FROM outbox WHERE {_WAITS}")  # noqa: S608 - constant
    return int(row["refused"]) if row else 0


def waiting_behind(tx: Transaction, row: Row) -> int:
    """How many later events of its entity it holds up."""
    counted = tx.row(
        "SELECT COUNT(*) AS behind FROM outbox WHERE entity = ? AND published = 0 AND position > ?",
        row["entity"],
        row["position"],
    )
    return int(counted["behind"]) if counted else 0
