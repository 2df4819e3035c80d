"""Times as the wire has them: RFC 3339 in UTC with microseconds."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], str]


def now() -> str:
    """The time, as in `2026-01-31T12:00:00.000000Z`; such texts sort by time."""
    return to_text(datetime.now(UTC))


def ago(time: str, span: timedelta) -> str:
    """The time `span` before `time`."""
    return to_text(datetime.fromisoformat(time) - span)


def to_text(moment: datetime) -> str:
    """A moment in UTC as text."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class CautiousClock:
    """The time for what cannot be taken back: never later than the start, plus what passed since.

    So a clock that is set ahead meanwhile has no effect on it.
    """

    def __init__(self, now: Clock = now, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._elapsed = elapsed
        self._started = now(), elapsed()

    def __call__(self) -> str:
        started, elapsed = self._started
        return min(self._now(), ago(started, timedelta(seconds=elapsed - self._elapsed())))
