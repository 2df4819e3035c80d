"""A broker and a clock that do as told, for tests of the relay."""

import threading
from collections.abc import Callable

from eventing.cloudevent import CloudEvent
from eventing.database import Database
from eventing.publisher import PublishFailed
from eventing.relay import Relay
from eventing.shared_clock import SharedClock
from tests.waiting import until


class Broker:
    """A broker that can be away, fail as told, or keep the publisher of an event waiting."""

    def __init__(self) -> None:
        self.attempts: list[str] = []
        self.taken: list[str] = []
        self.away = False
        self.failures: dict[str, list[Exception]] = {}
        self._held: dict[str, threading.Event] = {}

    def hold(self, event_id: str) -> None:
        """Answer nothing to this event until it is let go."""
        self._held[event_id] = threading.Event()

    def let_go(self, event_id: str) -> None:
        self._held[event_id].set()

    def let_all_go(self) -> None:
        for held in self._held.values():
            held.set()

    def publish(self, event: CloudEvent) -> None:
        self.attempts.append(event.id)
        if event.id in self._held:
            self._held[event.id].wait(30)
        if self.away:
            raise PublishFailed("the broker is away")
        if self.failures.get(event.id):
            raise self.failures[event.id].pop()
        self.taken.append(event.id)


class Clock:
    """Milliseconds that pass when told to; `ahead` is by how much the database's clock is wrong."""

    def __init__(self) -> None:
        self.now = 1_000_000
        self.ahead = 0

    def shared(self) -> SharedClock:
        """As one relay reads it."""
        return SharedClock(lambda: self.now, lambda _tx: self.now + self.ahead)


def step_until(relay: Relay, condition: Callable[[], object]) -> None:
    """Drive the relay by hand until its publishers have brought the condition about."""

    def stepped() -> object:
        relay.step()
        return condition()

    until(stepped)


def due_at(database: Database, event_id: str) -> int:
    with database.snapshot() as tx:
        row = tx.row("SELECT due_at FROM outbox WHERE id = ?", event_id)
        return int(row["due_at"]) if row else -1
