"""When the next attempt at one subscriber is due, and how many letters it may have at once.

Time is in seconds of a clock that cannot be set back.
"""

GAP = 1.0  # seconds from one attempt at a subscriber that is away to the next, at least
QUICKEST = 0.1  # seconds between letters that a subscriber answers, each with a failure
LONGEST = 600.0  # seconds that a letter waits for its turn, unless very many wait
AT_ONCE = 8  # letters under way to a subscriber that takes them
REST = 30.0  # seconds; then a letter that another copy has kept is found


class Schedule:
    """For the letters of one subscriber; `longest` seconds pass between two attempts at most.

    While it takes none, the pause is an eighth of the time for which that has been so: whatever
    ends is noticed after little more than an eighth of its own length.
    """

    def __init__(self, now: float, longest: float = LONGEST) -> None:
        self._longest = longest
        self._last = now
        self._failing_since: float | None = None
        self.due = now + GAP
        self.width = 1
        """How many letters it may have at once: one, to find out whether it is there."""

    def failing_for(self, now: float) -> float:
        """How long it has taken nothing that was brought."""
        return 0.0 if self._failing_since is None else now - self._failing_since

    def taken(self, now: float) -> None:
        """It takes letters: the next ones may follow immediately."""
        self._failing_since = None
        self._last = self.due = now
        self.width = AT_ONCE

    def failed(self, now: float, *, letters: int, answered: bool) -> None:
        """It took none. While it answers, each of its `letters` has a turn within one long pause:
        one that fails for a reason of its own holds up no other."""
        if self._failing_since is None:
            self._failing_since = now
        pause = max(GAP, min(LONGEST, (now - self._failing_since) / 8))
        if answered:
            pause = max(QUICKEST, pause / max(1, letters))
        self._last = now
        self.due = now + min(self._longest, pause)
        self.width = 1

    def rest(self, now: float, pause: float) -> None:
        """There is nothing to deliver now."""
        self.due = now + pause
        self.width = 1

    def release(self, now: float) -> None:
        """Something tells that it may be back, or that there is a new letter."""
        self.due = min(self.due, max(now, self._last + GAP))
