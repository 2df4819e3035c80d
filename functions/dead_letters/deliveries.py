"""The deliveries that are under way here, and those of copies of the function that are gone."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from eventing.database import Database
from eventing.identity import new_id
from functions.dead_letters import turns

BEAT = 2.0  # seconds between two signs of life
GONE_AFTER = 8.0  # seconds without one; then the letters of a delivery are free again


class Deliveries:
    """Keeps one letter from being delivered by two copies of the function at once.

    Whether another copy lives is judged by whether its deliveries count up, with our own `clock`
    (seconds, cannot be set back): no two clocks are compared.
    """

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._mine: set[str] = set()
        self._seen: dict[str, tuple[int, float]] = {}  # the count, and when it was first seen
        self._lock = threading.Lock()
        self._look = False

    @contextmanager
    def under_way(self) -> Iterator[str]:
        """A new delivery, which lives until the block ends.

        What it still holds then, because the database was away, is free after GONE_AFTER.
        """
        delivery = new_id()
        with self._lock:
            self._mine.add(delivery)
        try:
            yield delivery
        finally:
            with self._lock:
                self._mine.discard(delivery)

    def look(self) -> None:
        """Letters are in a delivery of another copy, or of one that was here before."""
        self._look = True

    def beat(self) -> None:
        """Give a sign of life, and free the letters of deliveries that give none any more."""
        with self._lock:
            mine = list(self._mine)
        if not mine and not self._look:
            return
        with self._database.transaction() as tx:
            others = turns.beat(tx, mine)
            for delivery in self._gone(others):
                turns.end(tx, delivery)
        self._look = bool(others)

    def _gone(self, others: Mapping[str, int]) -> list[str]:
        now = self._clock()
        self._seen = {
            delivery: seen
            if (seen := self._seen.get(delivery)) is not None and seen[0] == count
            else (count, now)
            for delivery, count in others.items()
        }
        return [one for one, (_, since) in self._seen.items() if now - since >= GONE_AFTER]
