"""A few connections to one database, opened when they are needed.

Where connections are scarce, because all copies of all functions share a server, each copy gives
back what it does not need, and now and then one that it does: so whoever waits for one gets it.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from eventing.patience import step_aside, waiting_time

POOL_SIZE = 4
POOL_WAIT = 10.0  # seconds; then the caller is told to come back
IDLE = 5.0  # seconds after which a connection that nobody uses is closed
LIFETIME = 60.0  # seconds after which one is closed although it is used
# Seconds in which one that was closed for its age is not replaced, so that it goes to another
# process: longer than the longest pause of those that wait.
REST = 1.5
FIRST_PAUSE, LAST_PAUSE = 0.05, 1.0  # seconds


class StorageUnavailable(Exception):
    """The database cannot be used now; try again."""


class StorageDamaged(StorageUnavailable):
    """A file is not what was written to it: the check of the database tells what to do."""


class Connects(Protocol):
    """What a pool has to know of a kind of database."""

    unavailable: tuple[type[Exception], ...]
    scarce: bool
    """Whether a server has only so many connections for everybody."""

    def connect(self) -> Any:
        """A new connection."""

    def has_no_slot(self, error: Exception) -> bool:
        """Whether a connection failed because all that there may be are in use."""


@dataclass(slots=True)
class _Pooled:
    connection: Any
    opened: float = field(default_factory=time.monotonic)
    idle_since: float = 0.0


class Pool:
    """At most `size` connections, each used by one thread at a time."""

    def __init__(
        self, engine: Connects, size: int, *, idle: float = IDLE, lifetime: float = LIFETIME
    ) -> None:
        self._engine = engine
        self._size = size
        self._idle_limit, self._lifetime = idle, lifetime
        self._free = threading.BoundedSemaphore(size)
        self._changed = threading.Condition()
        # The last one given back is the next one taken, so that those that are not needed grow old
        # at the beginning. No lock: a list's append and pop are done or not done.
        self._idle: list[_Pooled] = []
        self._open = 0
        self._resting_until = 0.0
        self._closing: threading.Timer | None = None

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """One connection; it is closed if the database failed, else it is used again."""
        if not self._free.acquire(timeout=waiting_time(POOL_WAIT)):
            step_aside()
            raise StorageUnavailable("every connection is in use")
        try:
            pooled = self._pop() or self._open_one()
            try:
                yield pooled.connection
            except self._engine.unavailable:
                self._close([pooled])
                self.close()  # what ended one connection of a server mostly ended its siblings
                raise
            except BaseException:
                self._give_back(pooled)  # it is the caller that failed
                raise
            self._give_back(pooled)
        finally:
            self._free.release()

    def idle(self) -> Any:
        """One that nobody uses, or None, for whoever has drained the pool."""
        return self._idle[-1].connection if self._idle else None

    def close(self) -> None:
        """Close the connections that are not in use."""
        gone = []
        while (pooled := self._pop()) is not None:
            gone.append(pooled)
        self._close(gone)

    @contextmanager
    def drained(self, wait: float) -> Iterator[bool]:
        """Nobody has a connection, and nobody gets one before the end of the block.

        False, and nothing is so, if somebody has kept one for `wait` seconds. Those that are idle
        stay open.
        """
        deadline = time.monotonic() + wait
        taken = 0
        try:
            while taken < self._size and self._free.acquire(
                timeout=max(deadline - time.monotonic(), 0.001)
            ):
                taken += 1
            yield taken == self._size
        finally:
            for _ in range(taken):
                self._free.release()

    def _pop(self) -> _Pooled | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _open_one(self) -> _Pooled:
        """A new one, or whichever is idle first when there may be no more."""
        deadline = time.monotonic() + POOL_WAIT
        pause = FIRST_PAUSE
        while True:
            if (pooled := self._rest()) is not None:
                return pooled
            try:
                return self._connect()
            except self._engine.unavailable as error:
                if not self._engine.has_no_slot(error):
                    raise
                step_aside()
                if time.monotonic() + pause > deadline:
                    raise
            self._wait(pause)
            pause = min(2 * pause, LAST_PAUSE)

    def _rest(self) -> _Pooled | None:
        """One that became idle; None if a new one may be opened."""
        with self._changed:
            while (pooled := self._pop()) is None:
                rest = self._resting_until - time.monotonic()
                if rest <= 0 or not self._open:
                    return None
                self._changed.wait(rest)
            return pooled

    def _connect(self) -> _Pooled:
        pooled = _Pooled(self._engine.connect())
        with self._changed:
            self._open += 1
        return pooled

    def _wait(self, pause: float) -> None:
        """Until a connection is given back here, or others have had the time to."""
        with self._changed:
            if not self._idle:
                self._changed.wait(pause * random.uniform(0.5, 1))  # noqa: S311 - no secret

    def _give_back(self, pooled: _Pooled) -> None:
        if not self._engine.scarce:
            self._idle.append(pooled)
            return
        now = time.monotonic()
        if now > max(pooled.opened + self._lifetime, self._resting_until):
            self._resting_until = now + REST
            self._close([pooled])
            return
        pooled.idle_since = now
        with self._changed:
            self._idle.append(pooled)
            self._changed.notify()
            self._close_later(self._idle_limit)

    def _close(self, gone: list[_Pooled]) -> None:
        for pooled in gone:
            pooled.connection.close()
        with self._changed:
            self._open -= len(gone)
            self._changed.notify_all()

    def _close_later(self, seconds: float) -> None:
        if self._closing is None:
            timer = threading.Timer(seconds, self._close_idle)
            timer.daemon = True
            with suppress(RuntimeError):  # no thread can begin while the process ends
                timer.start()
                self._closing = timer

    def _close_idle(self) -> None:
        gone: list[_Pooled] = []
        with self._changed:
            self._closing = None
            oldest = time.monotonic() - self._idle_limit
            with suppress(IndexError):  # somebody has just taken the last one
                while self._idle[0].idle_since <= oldest:
                    gone.append(self._idle.pop(0))
                self._close_later(max(self._idle[0].idle_since - oldest, 0.01))
        self._close(gone)
