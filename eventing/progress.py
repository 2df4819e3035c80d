"""How far the reading of a history is: a bar on a terminal, elsewhere a log line each second."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

EVERY = 1.0  # seconds
WIDTH = 30  # characters of the bar

log = logging.getLogger(__name__)


class Progress:
    """Counts the events of one feed after another.

    A feed does not tell how many there are: the times of its events show how far it has been read.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._started = self._shown = clock()
        self._feed, self._oldest = "", datetime.now(UTC)
        self.events = 0

    def note(self, feed: str, events: int, newest: str | None) -> None:
        """So many events more have been read, the last of them of this time."""
        if not self.events:
            self._started = self._clock()
        self.events += events
        moment = _moment(newest)
        if feed != self._feed:
            self._feed, self._oldest = feed, moment
        if self._clock() >= self._shown + EVERY:
            self._shown = self._clock()
            self._show(feed, share(self._oldest, moment, datetime.now(UTC)))

    def end(self) -> None:
        """Say how much it was, on a line of its own."""
        if self._stream.isatty():
            self._stream.write("\r\033[K")
        log.info("replayed", extra={"fields": self._counts()})

    def _show(self, feed: str, done: float) -> None:
        counts = self._counts()
        if not self._stream.isatty():
            log.info("replaying", extra={"fields": {"feed": feed, "share": done, **counts}})
            return
        bar = "█" * round(done * WIDTH)
        words = f"{counts['events']:,} events, {counts['per_second']:,}/s"
        self._stream.write(f"\r\033[K{bar:░<{WIDTH}} {done:4.0%}  {words}  {feed}")
        self._stream.flush()

    def _counts(self) -> dict[str, int]:
        took = self._clock() - self._started
        return {"events": self.events, "per_second": round(self.events / max(took, 0.001))}


class Silent:
    """Progress that nobody watches."""

    def note(self, _feed: str, _events: int, _newest: str | None) -> None:
        """So many events more have been read."""

    def end(self) -> None:
        """All have been read."""


def _moment(text: str | None) -> datetime:
    """The time that an event tells; now, where it tells none that can be compared."""
    with suppress(TypeError, ValueError):
        moment = datetime.fromisoformat(text or "")
        if moment.tzinfo:
            return moment
    return datetime.now(UTC)


def share(oldest: datetime, moment: datetime, now: datetime) -> float:
    """How much of the time from `oldest` to `now` has passed at `moment`: 0 to 1."""
    whole = (now - oldest).total_seconds()
    return round(min(1.0, max(0.0, (moment - oldest).total_seconds() / whole)), 3) if whole else 1.0
