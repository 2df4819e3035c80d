"""How fast a relay goes, as a calculation: time is an argument, in milliseconds that only grow."""

from collections.abc import Collection

CONCURRENCY = 32  # events under way; one that waits for a cold start holds up no other
FIRST_PAUSE, LONGEST_PAUSE = 500, 2_000  # milliseconds between probes while the broker is away


class Pace:
    """Full speed while the broker answers; while it does not, one event at a time probes it.

    An event that fails alone, however often, says nothing about the broker, so there is no pause
    before the first probe. A probe that gets no answer holds up the next one no longer than the
    longest pause.
    """

    def __init__(self) -> None:
        self._failures = 0  # rounds in a row in which nothing was answered
        self._failed: set[int] = set()  # some of the events that failed in them
        self._next_probe = 0

    @property
    def probing(self) -> bool:
        """Whether the broker seems to be away."""
        return self._failures > 0

    def room(self, now: int, under_way: int) -> int:
        """How many more events may be handed out."""
        free = CONCURRENCY - under_way
        if not self.probing:
            return free
        return min(free, 1) if now >= self._next_probe else 0

    def next_probe(self, now: int) -> int | None:
        """When the pause before the next probe ends; None if there is none to wait for."""
        return self._next_probe if self.probing and self._next_probe > now else None

    def handed_out(self, now: int) -> None:
        """An event has been handed out; as a probe, it has until the longest pause is over."""
        if self.probing:
            self._next_probe = now + LONGEST_PAUSE

    def answered(self) -> None:
        """The broker took an event, or refused it for good: it is there."""
        self._failures = 0
        self._failed.clear()

    def failed(self, now: int, events: Collection[int]) -> None:
        """All that came back in one round has failed: these events, by position."""
        self._failures += 1
        if len(self._failed) < CONCURRENCY:
            self._failed.update(events)
        self._next_probe = now + _pause(min(self._failures, len(self._failed)))


def _pause(failures: int) -> int:
    return 0 if failures == 1 else min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 2, 10))
