"""The relay: takes events from the outbox to the broker, holding nothing while it publishes."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from eventing import clock as wall
from eventing import outbox, refused
from eventing.cloudevent import CloudEvent
from eventing.database import Database, StorageUnavailable, Transaction
from eventing.outbox import Leased
from eventing.pace import CONCURRENCY, Pace
from eventing.publisher import EventRefused, PublishFailed
from eventing.publishers import LONG, Outcome, Publishers
from eventing.refused import Refusal
from eventing.shared_clock import SharedClock

STORAGE_PAUSE = 1.0  # seconds
LONGEST_SLEEP = (
    30_000  # milliseconds from one look at the outbox to the next while events wait there
)
# Seconds from one round to the next while events are under way: what happens meanwhile shares a
# round, which is a transaction. An event that comes when nothing is under way does not wait. While
# the threads have enough to do anyway, it is the longer time.
GATHER, LONGEST_GATHER = 0.005, 0.02

log = logging.getLogger(__name__)


class Relay:
    """Publishes what waits in the outbox of `database`.

    Several relays may work on one outbox: a lease gives an event to one of them at a time.
    """

    def __init__(
        self,
        database: Database,
        publish: Callable[[CloudEvent], None],
        *,
        clock: SharedClock | None = None,
    ) -> None:
        self._database = database
        self._clock = clock or SharedClock()
        self._pace = Pace()
        self._inbox: SimpleQueue[Outcome | None] = SimpleQueue()
        self._publishers = Publishers(publish, self._inbox.put, self._clock.elapsed)
        self._finished: list[Outcome] = []
        self._held: dict[tuple[int, int], Leased] = {}  # by position and attempt
        self._renew_at = 0
        self._next_due: int | None = None
        self.last_failure = ""
        """Why the broker could not be reached when nothing was published last."""
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Sweep: publish whatever an earlier process left, then what comes."""
        self._publishers.start()
        # Made only now: a fork marks every thread that was made before it as ended.
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look at the outbox again; called after a commit and by the periodic sweep."""
        self._inbox.put(None)

    def stop(self, grace: float = 10.0) -> None:
        """Publish what still waits, for up to `grace` seconds, then end."""
        self._stopping.set()
        self.wake()
        if self._thread is not None:
            self._thread.join(grace)

    @property
    def under_way(self) -> int:
        """How many events are being published."""
        return len(self._held)

    def step(self) -> int:
        """One round: settle what is finished, lease what is due, hand it out; how much it was."""
        self._collect(wait=0)
        elapsed = self._clock.elapsed()
        room = self._pace.room(elapsed, len(self._held) - len(self._finished))
        with self._database.transaction() as tx:
            renewing = self._clock.look(tx) or elapsed >= self._renew_at
            now = self._clock.now()
            if renewing:
                outbox.renew(tx, self._held.values(), now)
            self._settle(tx, now)
            leased = self._lease(tx, now, room)
            due = outbox.next_due(tx, now)
        if renewing:
            self._renew_at = elapsed + outbox.RENEWAL
        self._next_due = None if due is None else elapsed + due - now
        self._hand_out(leased, elapsed)
        return len(leased)

    def _lease(self, tx: Transaction, now: int, room: int) -> list[Leased]:
        if not room:
            return []
        return outbox.lease_probe(tx, now) if self._pace.probing else outbox.lease(tx, now, room)

    def _hand_out(self, leased: Sequence[Leased], elapsed: int) -> None:
        for done in self._finished:
            del self._held[done.leased.position, done.leased.attempts]
        self._finished = []
        for item in leased:
            self._held[item.position, item.attempts] = item
            self._publishers.hand(item)
            self._pace.handed_out(elapsed)
        self._publishers.find_threads(len(self._held), elapsed)

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
            if not self._publishers.busy or time.monotonic() > end:
                return

    def _first_sweep(self) -> float:
        """Free what a process that is gone had in hand, and what was refused before."""
        try:
            with self._database.claim() as alone, self._database.transaction() as tx:
                if alone:
                    outbox.end_all_leases(tx)
                self._clock.look(tx)
                refused.retry_all(tx, self._clock.now())
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
        elapsed = self._clock.elapsed()
        moments = [self._renew_at] if self._held else []
        # With nobody free to publish, only news of what is under way changes anything.
        if len(self._held) < CONCURRENCY:
            moments += self._next_lease(elapsed)
        wait = max(0, min(moments) - elapsed) / 1000 if moments else None
        return wait if not self._publishers.busy or wait is None else min(LONG / 1000, wait)

    def _next_lease(self, elapsed: int) -> list[int]:
        if (next_probe := self._pace.next_probe(elapsed)) is not None:
            return [next_probe]
        if self._next_due is None:
            return []
        return [min(self._next_due, elapsed + LONGEST_SLEEP)]

    def _collect(self, wait: float | None) -> None:
        """Wait for news; what publishers have reported goes to the outcomes to settle."""
        outcomes = []
        try:
            news = self._inbox.get(timeout=wait)
            while True:
                if news is not None:
                    outcomes.append(news)
                news = self._inbox.get_nowait()
        except Empty:
            pass
        self._finished += outcomes
        self._judge(outcomes)

    def _judge(self, outcomes: Sequence[Outcome]) -> None:
        """What the outcomes say about the broker."""
        failures = [done for done in outcomes if done.failed]
        if len(failures) < len(outcomes):
            self._pace.answered()
            self.last_failure = ""
        elif failures:
            self._pace.failed(self._clock.elapsed(), [done.leased.position for done in failures])
            self.last_failure = str(failures[0].failure)
            _log_failures(failures)
        for done in outcomes:
            if isinstance(done.failure, EventRefused):
                _log_refusal(done.leased, done.failure)

    def _settle(self, tx: Transaction, now: int) -> None:
        outbox.mark_published(
            tx, [done.leased.position for done in self._finished if done.failure is None]
        )
        for done in self._finished:
            match done.failure:
                case None if done.leased.refusals:
                    refused.note_published(tx, done.leased, now)
                case EventRefused(status=status, said=said):
                    refused.note(tx, done.leased, Refusal(status, said, wall.now()), now)
                case PublishFailed():
                    outbox.give_back(tx, done.leased, now + outbox.backoff(done.leased.attempts))


def _log_failures(failures: Sequence[Outcome]) -> None:
    first = failures[0]
    fields = {
        "events": len(failures),
        "attempt": first.leased.attempts,
        "error": str(first.failure),
    }
    log.warning("not published, will be tried again", extra={"fields": fields})


def _log_refusal(leased: Leased, refusal: EventRefused) -> None:
    fields = {"id": leased.event.id, "type": leased.event.type, "error": str(refusal)}
    log.warning("refused by the broker: see `blog outbox`", extra={"fields": fields})
