"""When a function's background work begins and ends, whatever server runs the function.

The server of `eventing.serve` is one process, which calls `begin` and `end`. functions-framework
imports a function's source in gunicorn's master and forks the worker from it; threads and
connections do not survive a fork, so there they begin in the worker.
"""

import atexit
import logging
import os
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

_workers: list["Worker"] = []


def begin() -> None:
    """Start in this process, which does not fork and waits for no first request."""
    for worker in _workers:
        worker.ensure_started()


def count() -> int:
    """How many there are."""
    return len(_workers)


def end(first: int = 0) -> None:
    """Stop in this process, from the worker with that number on, while threads can still begin.

    Python forbids that once it is ending.
    """
    for worker in reversed(_workers[first:]):
        try:
            worker.ensure_stopped()
        except Exception:  # the others have to end too
            log.exception("failed at the end")


class Worker:
    """Runs `start` once in the process that answers requests, and `stop` when it ends."""

    def __init__(self, start: Callable[[], None], stop: Callable[[], None]) -> None:
        self._start = start
        self._stop = stop
        self._started_in: int | None = None
        self._stopped_in: int | None = None
        self._starting = threading.Lock()
        os.register_at_fork(after_in_child=self.ensure_started)
        _workers.append(self)

    def ensure_started(self) -> None:
        """Start now unless this process has; called after a fork and by each request."""
        if self._started_in != os.getpid():
            with self._starting:
                self._start_once()

    def _start_once(self) -> None:
        if self._started_in == os.getpid():
            return
        self._started_in = os.getpid()
        # gunicorn leaves its worker with sys.exit once its requests are done: on SIGTERM this runs.
        atexit.register(self.ensure_stopped)
        self._start()

    def ensure_stopped(self) -> None:
        """Stop what runs in this process, once."""
        if self._started_in != os.getpid() or self._stopped_in == os.getpid():
            return
        self._stopped_in = os.getpid()
        self._stop()
