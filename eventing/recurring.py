"""Work that a function does again and again beside its requests, in a thread of its own."""

import logging
import threading
from collections.abc import Callable

from eventing.database import StorageUnavailable

log = logging.getLogger(__name__)


class Recurring:
    """Calls `act` every `seconds`, and at once when woken, from `start` until `stop`.

    A failure is logged, and `act` is called again in its turn.
    """

    def __init__(self, name: str, act: Callable[[], None], *, seconds: float) -> None:
        self._name = name
        self._act = act
        self._seconds = seconds
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the first call comes after `seconds`, or when woken."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Call `act` now."""
        self._wake.set()

    def stop(self, grace: float = 5.0) -> None:
        """Let a call that is under way end, for up to `grace` seconds; begin no other."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(grace)

    def _run(self) -> None:
        while True:
            self._wake.wait(self._seconds)
            self._wake.clear()
            if self._stopping:
                return
            self._call()

    def _call(self) -> None:
        try:
            self._act()
        except StorageUnavailable as error:
            fields = {"task": self._name, "error": str(error)}
            log.warning("storage unavailable", extra={"fields": fields})
        except Exception:  # the next call may succeed
            log.exception("failed", extra={"fields": {"task": self._name}})
