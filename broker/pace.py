"""How many deliveries of a lane may be under way; changes when that bound's rule does."""

from typing import Protocol

AT_ONCE = 16  # enough for hundreds a second; a subscriber of one process has about 8 threads
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 30.0  # seconds between attempts where the other side is away


class Pace(Protocol):
    """Decides when another attempt may begin."""

    def room(self, under_way: int, now: float) -> bool:
        """Whether one more attempt may begin now."""

    def resumes(self) -> float:
        """When the next attempt may begin at the earliest."""

    def added(self, now: float) -> None:
        """A delivery came that the other side has just failed to take."""

    def failed(self, now: float) -> None:
        """An attempt failed in a way that passes with time."""

    def answered(self) -> None:
        """The other side took an event, or refused it: it is there."""


class Steady:
    """So many at once; each delivery has its own due time."""

    def room(self, under_way: int, now: float) -> bool:  # noqa: ARG002 - at any time
        return under_way < AT_ONCE

    def resumes(self) -> float:
        return 0.0

    def added(self, now: float) -> None:
        pass

    def failed(self, now: float) -> None:
        pass

    def answered(self) -> None:
        pass


class Probing:
    """For what failed again and again: one attempt at a time while the other side is away, after a
    pause that grows, and everything once it is there.

    Each attempt is with another event, the one that was tried longest ago, so that one which
    always fails holds up no other.
    """

    def __init__(self) -> None:
        self._pause = 0.0
        self._resumes = 0.0

    def room(self, under_way: int, now: float) -> bool:
        if self._pause:
            return under_way == 0 and now >= self._resumes
        return under_way < AT_ONCE

    def resumes(self) -> float:
        return self._resumes

    def added(self, now: float) -> None:
        """What comes while the other side is known to be away postpones no attempt."""
        if not self._pause:
            self.failed(now)

    def failed(self, now: float) -> None:
        """Several that were under way together count once."""
        if now >= self._resumes:
            self._pause = min(LONGEST_PAUSE, self._pause * 2 or FIRST_PAUSE)
            self._resumes = now + self._pause

    def answered(self) -> None:
        self._pause = self._resumes = 0.0
