"""`Idempotency-Key`: the same command gets its first answer again and is done once."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from eventing import clock
from eventing.answer import Answer
from eventing.call import Call
from eventing.database import Transaction
from eventing.problem import BadRequest, Fault, Invalid, NotFound

MIGRATIONS = Path(__file__).parent / "migrations" / "idempotency"

KEPT_FOR = timedelta(days=30)
DROPPED_AT_ONCE = timedelta(hours=1)  # of their ages; a ping comes four times in an hour

_KEY = re.compile(r"[!-~]{1,255}")


class InvalidKey(BadRequest):
    """Idempotency-Key must be 1 to 255 visible ASCII characters."""


class Forgotten(NotFound):
    """What this Idempotency-Key made has been deleted."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command as its caller identified it."""

    scope: str
    key: str
    fingerprint: str


def identify(call: Call, document: object) -> Command | None:
    """The command's identity: its key for this method and path, and what it says."""
    key = call.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise InvalidKey
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    return Command(f"{call.method} {call.path}", key, hashlib.sha256(canonical).hexdigest())


def once(
    tx: Transaction, command: Command | None, partition_key: str, act: Callable[[], Answer]
) -> Answer:
    """Do `act` in this transaction unless it was done; a concurrent twin waits on the key."""
    if command is None:
        return act()
    if not _reserve(tx, command, partition_key):
        return _first_answer(tx, command)
    answer = act()
    tx.execute(
        "UPDATE idempotency SET answer = ? WHERE scope = ? AND key = ?",
        json.dumps(asdict(answer)),
        command.scope,
        command.key,
    )
    return answer


def forget(tx: Transaction, partition_key: str) -> None:
    """Blank the answers that speak of something deleted; their keys stay taken."""
    tx.execute(
        "UPDATE idempotency SET answer = NULL, fingerprint = '' WHERE partition_key = ?",
        partition_key,
    )


def drop_expired(tx: Transaction, now: str) -> int:
    """Delete keys that are older than 30 days; how many it were.

    One call deletes no more than an hour's keys, the oldest: should the clock be ahead just now,
    that is all that callers lose.
    """
    row = tx.row("SELECT MIN(created_at) AS oldest FROM idempotency")
    if row is None or row["oldest"] is None:
        return 0
    expired = clock.ago(now, KEPT_FOR)
    at_most = clock.ago(row["oldest"], -DROPPED_AT_ONCE)
    return tx.execute("DELETE FROM idempotency WHERE created_at < ?", min(expired, at_most))


def _reserve(tx: Transaction, command: Command, partition_key: str) -> bool:
    inserted = tx.execute(
        "INSERT INTO idempotency (scope, key, fingerprint, partition_key, created_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        command.scope,
        command.key,
        command.fingerprint,
        partition_key,
        clock.now(),
    )
    return inserted == 1


def _first_answer(tx: Transaction, command: Command) -> Answer:
    row = tx.row(
        "SELECT fingerprint, answer FROM idempotency WHERE scope = ? AND key = ?",
        command.scope,
        command.key,
    )
    if row is None or row["answer"] is None:
        raise Forgotten
    if row["fingerprint"] != command.fingerprint:
        fault = Fault("", "the key was used before with other content")
        raise Invalid([fault], "This Idempotency-Key belongs to another request.")
    return Answer(**json.loads(row["answer"]))
