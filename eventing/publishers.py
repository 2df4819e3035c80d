"""The threads that publish for a relay."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from eventing.cloudevent import CloudEvent
from eventing.outbox import Leased
from eventing.publisher import EventRefused, PublishFailed

# As many threads publish, those not counted that have waited long for an answer: they share the
# interpreter with whoever waits for ours.
FEW = 4
LONG = 50  # milliseconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of publishing one event."""

    leased: Leased
    failure: PublishFailed | None = None

    @property
    def failed(self) -> bool:
        """Whether nothing is known of the event; a refusal is an answer."""
        return self.failure is not None and not isinstance(self.failure, EventRefused)


class Publishers:
    """Calls `publish` in threads and reports each outcome; `elapsed` gives milliseconds."""

    def __init__(
        self,
        publish: Callable[[CloudEvent], None],
        report: Callable[[Outcome], None],
        elapsed: Callable[[], int],
    ) -> None:
        self._publish = publish
        self._report = report
        self._elapsed = elapsed
        self._work: SimpleQueue[Leased] = SimpleQueue()
        self._threads = 0
        self._begun: dict[tuple[int, int], int] = {}  # when publishing began

    @property
    def busy(self) -> bool:
        """Whether events wait for a thread."""
        return not self._work.empty()

    def start(self) -> None:
        """Begin the first threads now: at its end, Python lets nobody begin one."""
        self.find_threads(FEW, 0)

    def hand(self, item: Leased) -> None:
        """Publish it as soon as a thread is free."""
        self._work.put(item)

    def find_threads(self, under_way: int, now: int) -> None:
        """Begin threads until a few are not waiting long, or there is one for each event."""
        wait_long = sum(now - begun >= LONG for begun in list(self._begun.values()))
        for _ in range(self._threads, min(under_way, FEW + wait_long)):
            try:
                threading.Thread(target=self._publish_for_ever, daemon=True).start()
            except RuntimeError:  # the process is ending, or has no room: the others go on
                return
            self._threads += 1

    def _publish_for_ever(self) -> None:
        while True:
            item = self._work.get()
            self._begun[item.position, item.attempts] = self._elapsed()
            outcome = self._attempt(item)
            del self._begun[item.position, item.attempts]
            self._report(outcome)

    def _attempt(self, item: Leased) -> Outcome:
        try:
            self._publish(item.event)
        except PublishFailed as failure:
            return Outcome(item, failure)
        except Exception as error:
            log.exception("publishing failed in a way that is not foreseen")
            return Outcome(item, PublishFailed(repr(error)))
        return Outcome(item)
