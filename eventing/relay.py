"""The relay: takes events from the outbox to the broker, holding nothing while it publishes."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from eventing import outbox
from eventing.cloudevent import CloudEvent
from eventing.database import Database, StorageUnavailable, Transaction
from eventing.outbox import Leased
from eventing.publisher import PublishFailed

CONCURRENCY = 32  # entities under way; one that waits for a cold start holds up no other
# As many threads publish, those not counted that have waited long for an answer: they share the
# interpreter with whoever waits for ours.
FEW = 4
LONG = 50  # milliseconds
LONGEST_PAUSE = 2_000  # milliseconds between probes while the broker is away
STORAGE_PAUSE = 1.0  # seconds
# Seconds from one round to the next while events are under way: what happens meanwhile shares a
# round, which is a transaction. An event that comes when nothing is under way does not wait. While
# the threads have enough to do anyway, it is the longer time.
GATHER, LONGEST_GATHER = 0.005, 0.02

log = logging.getLogger(__name__)


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of publishing one event."""

    leased: Leased
    failure: str | None = None


class Relay:
    """Publishes what waits in the outbox of `database`.

    Several relays may work on one outbox: a lease gives an event to one of them at a time.
    """

    def __init__(
        self,
        database: Database,
        publish: Callable[[CloudEvent], None],
        *,
        clock: Callable[[], int] = _milliseconds,
    ) -> None:
        self._database = database
        self._publish = publish
        self._clock = clock
        self._inbox: SimpleQueue[Outcome | None] = SimpleQueue()
        self._work: SimpleQueue[Leased] = SimpleQueue()
        self._finished: list[Outcome] = []
        self._publishers = 0
        self._begun: dict[tuple[int, int], int] = {}  # as those held, when publishing began
        self._held: dict[tuple[int, int], Leased] = {}  # by position and attempt
        self._renew_at = 0
        self._next_due: int | None = None
        self._failures = 0  # rounds in a row in which nothing could be published
        self._paused_until = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Sweep: publish whatever an earlier process left, then what comes."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the outbox again; called after a commit and by the periodic sweep."""
        self._inbox.put(None)

    def stop(self, grace: float = 10.0) -> None:
        """Publish what still waits, for up to `grace` seconds, then end."""
        self._stopping.set()
        self.wake()
        if self._thread.is_alive():
            self._thread.join(grace)

    def step(self) -> int:
        """One round: settle what is finished, lease what is due, hand it out; how much it was."""
        self._collect(wait=0)
        now = self._clock()
        room = self._room(now)
        renewing = now >= self._renew_at
        with self._database.transaction() as tx:
            if renewing:
                outbox.renew(tx, self._held.values(), now)
            self._settle(tx, now)
            leased = outbox.lease(tx, now, room) if room else []
            self._next_due = outbox.next_due(tx, now)
        if renewing:
            self._renew_at = now + outbox.RENEWAL
        self._note_finished(now)
        for item in leased:
            self._held[item.position, item.attempts] = item
            self._work.put(item)
        self._find_publishers(now)
        return len(leased)

    def _run(self) -> None:
        wait: float | None = self._first_sweep()
        while True:
            self._collect(wait)
            stopping = self._stopping.is_set()
            wait = self._round()
            if self._held:
                self._gather()
            # Only a round that began after the stop has seen all that was committed before it.
            if stopping and not self._held:
                return

    def _gather(self) -> None:
        end = time.monotonic() + LONGEST_GATHER
        while not self._stopping.wait(GATHER):
            if self._work.empty() or time.monotonic() > end:
                return

    def _first_sweep(self) -> float:
        try:
            with self._database.claim() as alone:
                if alone:
                    with self._database.transaction() as tx:
                        outbox.end_all_leases(tx)
        except StorageUnavailable as error:
            log.warning("outbox not readable yet", extra={"fields": {"error": str(error)}})
        return 0

    def _round(self) -> float | None:
        """Step, and say how many seconds to wait at most for news; None is for ever."""
        try:
            self.step()
            return self._until_due()
        except StorageUnavailable as error:
            log.warning("outbox out of reach", extra={"fields": {"error": str(error)}})
        except Exception:  # a relay that ends would keep every later event from the broker
            log.exception("the relay failed and goes on")
        return STORAGE_PAUSE

    def _until_due(self) -> float | None:
        now = self._clock()
        moments = [self._renew_at] if self._held else []
        # With nobody free to publish, only news of what is under way changes anything.
        if len(self._held) < CONCURRENCY:
            moments += self._next_lease(now)
        wait = max(0, min(moments) - now) / 1000 if moments else None
        return wait if self._work.empty() or wait is None else min(LONG / 1000, wait)

    def _next_lease(self, now: int) -> list[int]:
        if self._paused_until > now:
            return [self._paused_until]
        return [] if self._next_due is None else [self._next_due]

    def _collect(self, wait: float | None) -> None:
        try:
            news = self._inbox.get(timeout=wait)
            while True:
                if news is not None:
                    self._finished.append(news)
                news = self._inbox.get_nowait()
        except Empty:
            return

    def _room(self, now: int) -> int:
        """How many events may be handed out; one at a time probes a broker that was away."""
        under_way = len(self._held) - len(self._finished)
        if not any(outcome.failure is None for outcome in self._finished):
            if self._finished:
                return 0  # all that came back failed: pause before the next
            if self._failures:
                return 1 if now >= self._paused_until and not under_way else 0
        return CONCURRENCY - under_way

    def _settle(self, tx: Transaction, now: int) -> None:
        outbox.mark_published(
            tx, [done.leased.position for done in self._finished if done.failure is None]
        )
        for done in self._finished:
            if done.failure is not None:
                outbox.give_back(tx, done.leased, now + outbox.backoff(done.leased.attempts))

    def _note_finished(self, now: int) -> None:
        finished, self._finished = self._finished, []
        for done in finished:
            del self._held[done.leased.position, done.leased.attempts]
        failures = [done for done in finished if done.failure is not None]
        if len(failures) < len(finished):
            self._failures = 0
        elif failures:
            self._failures += 1
            self._paused_until = now + min(LONGEST_PAUSE, outbox.backoff(self._failures))
            _log_failures(failures)

    def _find_publishers(self, now: int) -> None:
        wait_long = sum(now - begun >= LONG for begun in list(self._begun.values()))
        for _ in range(self._publishers, min(len(self._held), FEW + wait_long)):
            self._publishers += 1
            threading.Thread(target=self._publish_for_ever, daemon=True).start()

    def _publish_for_ever(self) -> None:
        while True:
            item = self._work.get()
            self._begun[item.position, item.attempts] = self._clock()
            outcome = self._attempt(item)
            del self._begun[item.position, item.attempts]
            self._inbox.put(outcome)

    def _attempt(self, item: Leased) -> Outcome:
        try:
            self._publish(item.event)
        except PublishFailed as failure:
            return Outcome(item, str(failure))
        except Exception as error:
            log.exception("publishing failed in a way that is not foreseen")
            return Outcome(item, repr(error))
        return Outcome(item)


def _log_failures(failures: list[Outcome]) -> None:
    first = failures[0]
    fields = {"events": len(failures), "attempt": first.leased.attempts, "error": first.failure}
    log.warning("not published, will be tried again", extra={"fields": fields})
