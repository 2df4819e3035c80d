"""Telling readers that a history has grown: directly, for it may be the broker that fails.

In a cluster nobody is woken by a clock only to find that nothing is new. A producer is woken by its
ping anyway; it tells those who keep copies of its history, and remembers who has confirmed what.
"""

import builtins
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from eventing import origin
from eventing.clock import ago, now
from eventing.cloudevent import CloudEvent
from eventing.condition import Finding, Trouble
from eventing.database import Database, Row, Transaction
from eventing.identity import new_id
from eventing.publisher import Publisher, PublishFailed
from eventing.reading import Peer, read_peers
from eventing.recurring import Recurring
from eventing.worker import Worker

TYPE = "eventing.history.grown"
TRIES = 3  # after each ping: a reader may be starting, or the last events too young to compare
PAUSE = 60.0  # seconds between them
LATE = timedelta(minutes=35)  # more than two pings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Nothing:
    """Data that says nothing."""


@dataclass(frozen=True, slots=True)
class Grown:
    """The kind of event by which the producer `source` says that its history has grown."""

    source: str

    @property
    def type(self) -> str:
        """Its CloudEvents `type`."""
        return TYPE

    @property
    def data(self) -> builtins.type[Nothing]:
        """The class of its data."""
        return Nothing


class Readers:
    """Those who keep copies of the history in `database`, whose events are of `source`."""

    def __init__(
        self, database: Database, source: str, readers: Sequence[Peer], *, pause: float = PAUSE
    ) -> None:
        self._database = database
        self._source = source
        self._publishers = {each.name: Publisher(each.address) for each in readers}
        self._tries = 0
        self._telling = Recurring("readers", self.tell, seconds=pause)
        self.worker = Worker(self._telling.start, self._telling.stop)

    @classmethod
    def from_env(cls, database: Database, source: str, env: Mapping[str, str]) -> "Readers":
        """The readers in READERS, as in `query=http://HOST/`, separated by white space."""
        return cls(database, source, read_peers(env.get("READERS", "")))

    def sweep(self) -> None:
        """What a ping asks for."""
        if self._publishers:
            self._tries = TRIES
            self._telling.wake()

    def tell(self) -> None:
        """Tell those who have not confirmed the whole history, unless they were told enough."""
        if not self._tries:
            return
        self._tries -= 1
        with self._database.snapshot() as tx:
            end = _end(tx)
            told = _told(tx)
        late = [name for name in self._publishers if not _has_confirmed(told.get(name), end)]
        if not late:
            self._tries = 0
            return
        # At once: a reader that does not answer must not keep the others from being told.
        with ThreadPoolExecutor(len(late)) as pool:
            confirmed = list(pool.map(lambda name: self._tell(name, told.get(name), end), late))
        if all(confirmed):
            self._tries = 0

    def check(self) -> Finding:
        """Who has compared its copy with the whole history, for `GET /status`."""
        if not self._publishers:
            return Finding()
        with self._database.snapshot() as tx:
            told = {name: row for name, row in _told(tx).items() if name in self._publishers}
        facts = {name: {"unconfirmedSince": row["asked_at"]} for name, row in told.items()}
        troubles = [
            Trouble(
                "copy-behind",
                name,
                f"{name} has not compared its copy with the history of"
                f" {self._source.strip('/')} since {row['asked_at']}: see its log.",
            )
            for name, row in told.items()
            if row["asked_at"] and row["asked_at"] < ago(now(), LATE)
        ]
        return Finding(facts, troubles)

    def _tell(self, name: str, row: Row | None, end: tuple[int, str]) -> bool:
        """Whether the reader says that its copy has been compared up to `end`."""
        if row is None or not row["asked_at"]:
            with self._database.transaction() as tx:
                _ask(tx, name, now())
        try:
            self._publishers[name].publish(_event(self._source))
        except PublishFailed as failure:
            log.info("not confirmed", extra={"fields": {"reader": name, "error": str(failure)}})
            return False
        with self._database.transaction() as tx:
            _confirm(tx, name, end)
        return True


def _event(source: str) -> CloudEvent:
    return CloudEvent(
        id=new_id(),
        source=source,
        type=TYPE,
        time=now(),
        datacontenttype="application/json",
        data=b"{}",
    )


def _end(tx: Transaction) -> tuple[int, str]:
    """The last position that can be read, and its token."""
    row = tx.row(
        "SELECT position FROM outbox WHERE appended_in < oldest_open_transaction()"
        " ORDER BY position DESC LIMIT 1"
    )
    position = row["position"] if row else 0
    return position, origin.token(tx, position)


def _told(tx: Transaction) -> dict[str, Row]:
    return {row["name"]: row for row in tx.rows("SELECT * FROM readers")}


def _has_confirmed(row: Row | None, end: tuple[int, str]) -> bool:
    """A history without events has nothing to confirm."""
    if not end[0]:
        return True
    return row is not None and (row["position"], row["token"]) == end


def _ask(tx: Transaction, name: str, now: str) -> None:
    tx.execute(
        "INSERT INTO readers (name, asked_at) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET asked_at = excluded.asked_at",
        name,
        now,
    )


def _confirm(tx: Transaction, name: str, end: tuple[int, str]) -> None:
    update = "UPDATE readers SET position = ?, token = ?, asked_at = NULL WHERE name = ?"
    tx.execute(update, *end, name)
