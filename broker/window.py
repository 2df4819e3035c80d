"""Which delivery of a Trigger is next, within bounded memory; changes when their order does."""

from bisect import insort
from collections.abc import Callable

from broker.records import Delivery

SIZE = 1_000  # deliveries remembered; an attempt takes milliseconds, reading the next page too


class Window:
    """The first due deliveries of one Trigger; the log holds the rest.

    `fetch(n)` reads the n first due ones from the log, those under way included.
    """

    def __init__(self, fetch: Callable[[int], list[Delivery]], size: int = SIZE) -> None:
        self._fetch = fetch
        self._size = size
        self._waiting: list[Delivery] = []
        self._events: set[int] = set()
        self._under_way: dict[int, Delivery] = {}
        self._holds_all = False

    def add(self, delivery: Delivery) -> None:
        """A delivery became durable. One that the window has seen in the log already is ignored."""
        if delivery.event in self._events or self._under_way.get(delivery.event) == delivery:
            return
        self._under_way.pop(delivery.event, None)
        if self._holds_all or (self._waiting and delivery < self._waiting[-1]):
            self._insert(delivery)

    def take(self, now: float) -> Delivery | None:
        """The next delivery if one is due; it is under way until it ends."""
        due = self.next_due()
        if due is None or due > now:
            return None
        delivery = self._waiting.pop(0)
        self._events.discard(delivery.event)
        self._under_way[delivery.event] = delivery
        return delivery

    def next_due(self) -> float | None:
        """When the next delivery is due; None when there is none."""
        if not self._waiting and not self._holds_all:
            self._refill()
        return self._waiting[0].due if self._waiting else None

    def known_due(self) -> float | None:
        """When the next delivery is due that is known without a look into the log."""
        return self._waiting[0].due if self._waiting else None

    def end(self, delivery: Delivery) -> None:
        """The attempt has ended; a later attempt of the same delivery may be under way already."""
        if self._under_way.get(delivery.event) == delivery:
            del self._under_way[delivery.event]

    def _insert(self, delivery: Delivery) -> None:
        insort(self._waiting, delivery)
        self._events.add(delivery.event)
        if len(self._waiting) > self._size:
            self._events.discard(self._waiting.pop().event)
            self._holds_all = False

    def _refill(self) -> None:
        wanted = self._size + len(self._under_way)
        found = self._fetch(wanted)
        self._waiting = [known for known in found if known.event not in self._under_way]
        self._events = {known.event for known in self._waiting}
        self._holds_all = len(found) < wanted
