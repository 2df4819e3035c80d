"""The clock by which relays lease events: the database's, which all copies of a function share."""

import time
from collections.abc import Callable

from eventing import outbox
from eventing.database import Transaction

READ_AGAIN = 1_000  # milliseconds
JUMP = 500  # milliseconds by which a clock may wander in between


def elapsed() -> int:
    """Milliseconds of a clock that is never set back; they mean nothing to another process."""
    return time.monotonic_ns() // 1_000_000


class SharedClock:
    """The database's time, read once a second and carried on by a clock that is never set back."""

    def __init__(
        self,
        elapsed: Callable[[], int] = elapsed,
        read: Callable[[Transaction], int] = outbox.read_clock,
    ) -> None:
        self.elapsed = elapsed
        self._read = read
        self._ahead = 0  # of what has elapsed
        self._read_at: int | None = None

    def now(self) -> int:
        """Milliseconds since 1970, as of the last look."""
        return self.elapsed() + self._ahead

    def look(self, tx: Transaction) -> bool:
        """Read the database's time if that was long ago; whether it has jumped meanwhile."""
        elapsed = self.elapsed()
        first = self._read_at is None
        if self._read_at is not None and elapsed - self._read_at < READ_AGAIN:
            return False
        ahead, before = self._read(tx) - elapsed, self._ahead
        self._ahead, self._read_at = ahead, elapsed
        return not first and abs(ahead - before) > JUMP
