"""The outbox: events written in the transaction that changes the state they tell of."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eventing.answer import to_json
from eventing.cloudevent import CloudEvent
from eventing.database import Row, Transaction
from eventing.patience import step_aside
from eventing.strictjson import is_intact

MIGRATIONS = Path(__file__).parent / "migrations" / "outbox"

# Milliseconds. Whoever holds a lease renews it for as long as it publishes, and that may take
# minutes: a broker can answer after a whole chain of deliveries. So an event waits for a process
# that was killed no longer than this.
LEASE, RENEWAL = 15_000, 5_000
# Short, so that whatever failed while the broker was away leaves soon after it is back.
FIRST_BACKOFF, LAST_BACKOFF = 500, 5_000  # milliseconds
# After a refusal for good: only somebody who changes something at the broker can end that.
FIRST_REFUSED, LAST_REFUSED = 30_000, 600_000  # milliseconds
# Nobody waits longer than that: a later `due_at` was written while the clock was ahead, and counts
# as due.
LONGEST_WAIT = LEASE + 5_000

log = logging.getLogger(__name__)

_IS_DUE = f"""(due_at <= :now OR due_at > :now + {LONGEST_WAIT} +
  CASE WHEN refusals > 0 THEN {LAST_REFUSED} ELSE 0 END)"""

_LEASE = f"""
UPDATE outbox SET due_at = :until, attempts = attempts + 1
WHERE published = 0 AND {_IS_DUE} AND position IN (
  SELECT position FROM outbox AS waiting
  WHERE published = 0 AND {_IS_DUE} AND attempts <= :most AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier
    WHERE earlier.entity = waiting.entity AND earlier.published = 0
      AND earlier.position < waiting.position)
  ORDER BY position LIMIT :limit)
RETURNING position, attributes, data, attempts, refusals"""  # noqa: S608 - our own numbers
_ANY_ATTEMPTS = 2**31 - 1

_INSERT = """
INSERT INTO outbox (id, entity, partition_key, attributes, data, published, appended_in)
VALUES (?, ?, ?, ?, ?, ?, current_transaction())"""


@dataclass(frozen=True, slots=True)
class Leased:
    """An event that this relay alone may publish for now, for the `attempts`-th time."""

    position: int
    event: CloudEvent
    attempts: int
    refusals: int = 0  # for good, by the broker, until now


def append(tx: Transaction, event: CloudEvent, *, entity: str) -> None:
    """Add `event`, with JSON data; events of one `entity` are published in this order."""
    tx.execute(_INSERT, *_row(event, entity), 0)


def append_reply(tx: Transaction, event: CloudEvent, *, entity: str) -> CloudEvent:
    """Add an event that leaves as a reply, so to the history only; the one to reply with.

    That is the first one with this id: a twin in another transaction is waited for.
    """
    tx.execute(f"{_INSERT} ON CONFLICT (id) DO NOTHING", *_row(event, entity), 1)
    return find(tx, event.id) or event


def _row(event: CloudEvent, entity: str) -> tuple[str, ...]:
    return (
        event.id,
        entity,
        event.extensions.get("partitionkey", entity),
        json.dumps(event.attributes(), separators=(",", ":")),
        event.data.decode(),
    )


def find(tx: Transaction, event_id: str) -> CloudEvent | None:
    """The event with this id, as it was appended."""
    row = tx.row("SELECT attributes, data FROM outbox WHERE id = ?", event_id)
    return to_event(row["attributes"], row["data"]) if row else None


def rewrite(
    tx: Transaction, partition_key: str, change: Callable[[Mapping[str, object]], object]
) -> None:
    """Replace the data of every event of a partition by what `change` makes of it.

    An event that cannot be read leaves the history: its text may not stay.
    """
    step_aside()
    tx.erase_traces()
    for row in tx.rows(
        "SELECT position, attributes, data FROM outbox WHERE partition_key = ?", partition_key
    ):
        if not is_readable(row):
            tx.execute("DELETE FROM outbox WHERE position = ?", row["position"])
            continue
        changed = to_json(change(json.loads(row["data"])))
        tx.execute("UPDATE outbox SET data = ? WHERE position = ?", changed, row["position"])
    _forget_words(tx, partition_key)


def _forget_words(tx: Transaction, partition_key: str) -> None:
    """Blank what was said about refused events of a partition, and try them as they are now."""
    tx.execute(
        "UPDATE refused_events SET said = '', discarded = substr(discarded, 1, 0)"
        " WHERE position IN (SELECT position FROM outbox WHERE partition_key = ?)",
        partition_key,
    )
    tx.execute(
        "UPDATE outbox SET due_at = 0 WHERE partition_key = ? AND published = 0 AND refusals > 0",
        partition_key,
    )


def read_clock(tx: Transaction) -> int:
    """The database's time in milliseconds since 1970."""
    row = tx.row("SELECT current_milliseconds() AS now")
    return int(row["now"]) if row else 0


def lease(tx: Transaction, now: int, limit: int) -> list[Leased]:
    """Take the first waiting event of up to `limit` entities; `now` in milliseconds.

    One that cannot be read holds up the later ones of its entity, and nothing else.
    """
    return _lease(tx, now, limit, _ANY_ATTEMPTS)


def lease_probe(tx: Transaction, now: int) -> list[Leased]:
    """Take one event, if possible one that was never tried: it cannot be the one at fault."""
    return _lease(tx, now, 1, 0) or _lease(tx, now, 1, _ANY_ATTEMPTS)


def _lease(tx: Transaction, now: int, limit: int, most: int) -> list[Leased]:
    rows = tx.rows(_LEASE, now=now, until=now + LEASE, limit=limit, most=most)
    leased = [
        Leased(row["position"], event, row["attempts"], row["refusals"])
        for row in rows
        if (event := _read(row)) is not None
    ]
    return sorted(leased, key=lambda item: item.position)


def mark_published(tx: Transaction, positions: Sequence[int]) -> None:
    """Note that the broker has these events; they stay as history."""
    if positions:
        values = ", ".join("?" * len(positions))
        update = f"UPDATE outbox SET published = 1 WHERE position IN ({values})"  # noqa: S608
        tx.execute(update, *positions)


def renew(tx: Transaction, held: Iterable[Leased], now: int) -> None:
    """Hold leases for as long again; one that has run out and is another relay's stays so."""
    for leased in held:
        give_back(tx, leased, now + LEASE)


def give_back(tx: Transaction, leased: Leased, due_at: int) -> bool:
    """End a lease unless it is another relay's now; the event is due from `due_at` on."""
    changed = tx.execute(
        "UPDATE outbox SET due_at = ? WHERE position = ? AND attempts = ? AND published = 0",
        due_at,
        leased.position,
        leased.attempts,
    )
    return changed == 1


def end_all_leases(tx: Transaction) -> None:
    """Let everything be published at once: whoever held a lease is known to be gone."""
    tx.execute("UPDATE outbox SET due_at = 0 WHERE published = 0 AND due_at > 0")


def publish_again(tx: Transaction, event_id: str) -> bool:
    """Let an event that was published out once more, as it is.

    False if it waits anyway, or was given up: the broker would refuse it again.
    """
    update = """
UPDATE outbox SET published = 0, due_at = 0 WHERE id = ? AND published = 1
  AND position NOT IN (SELECT position FROM refused_events WHERE discarded IS NOT NULL)"""
    return tx.execute(update, event_id) == 1


def waiting(tx: Transaction) -> int:
    """How many events the broker does not have yet."""
    row = tx.row("SELECT COUNT(*) AS waiting FROM outbox WHERE published = 0")
    return int(row["waiting"]) if row else 0


def next_due(tx: Transaction, now: int) -> int | None:
    """When the next lease or backoff ends, in milliseconds; None when there is none."""
    row = tx.row("SELECT MIN(due_at) AS due_at FROM outbox WHERE published = 0 AND due_at > ?", now)
    return row["due_at"] if row else None


def backoff(attempts: int) -> int:
    """Milliseconds to wait after the `attempts`-th failure."""
    return int(min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** min(attempts - 1, 10)))


def refused_pause(refusals: int) -> int:
    """Milliseconds to wait after the `refusals`-th refusal for good."""
    return int(min(LAST_REFUSED, FIRST_REFUSED * 2 ** min(refusals - 1, 10)))


def is_readable(row: Row) -> bool:
    """Whether the row still holds an event; the log tells of one that does not."""
    return _read(row) is not None


def _read(row: Row) -> CloudEvent | None:
    try:
        event = to_event(row["attributes"], row["data"])
        if is_intact(row["data"]):
            return event
    except (KeyError, TypeError, ValueError):
        pass
    fields = {"position": row["position"]}
    log.error("the outbox holds a damaged event: restore a backup", extra={"fields": fields})
    return None


def to_event(attributes: str, data: str) -> CloudEvent:
    """The event as it was appended, from the texts of its row."""
    members = json.loads(attributes)
    del members["specversion"]
    names = ("id", "source", "type", "datacontenttype", "subject", "time", "dataschema")
    known = {name: members.pop(name) for name in names if name in members}
    return CloudEvent(**known, data=data.encode(), extensions=members)
