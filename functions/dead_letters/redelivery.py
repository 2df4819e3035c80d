"""The letters of one subscriber, on their way to it again by themselves."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from eventing.clock import now as time_now
from eventing.database import Database, StorageUnavailable, Transaction
from functions.dead_letters import store, turns
from functions.dead_letters.courier import Courier, NotDelivered
from functions.dead_letters.deliveries import Deliveries
from functions.dead_letters.failure import Failure
from functions.dead_letters.rules import Letter
from functions.dead_letters.schedule import GAP, REST, Schedule

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempted:
    """What became of one letter; `failure` is None when the subscriber took the event."""

    letter: Letter
    failure: Failure | None


class Redelivery:
    """Delivers the letters of the `triggers` that lead to `url`, one batch in each step."""

    def __init__(
        self,
        url: str,
        triggers: Sequence[str],
        *,
        database: Database,
        courier: Courier,
        deliveries: Deliveries,
        schedule: Schedule,
        clock: Callable[[], float],
    ) -> None:
        self.url = url
        self.triggers = triggers
        self.letters = 0  # that are tried again by themselves, when it last looked
        self._database = database
        self._courier = courier
        self._deliveries = deliveries
        self._schedule = schedule
        self._clock = clock
        self._lock = threading.Lock()  # for the schedule and what changes with it
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"to {url}", daemon=True)

    def start(self) -> None:
        """Deliver what waits, and what comes."""
        self._thread.start()

    def stop(self, grace: float) -> None:
        """Begin no further delivery; let one under way end, for up to `grace` seconds."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(grace)

    def release(self) -> None:
        """Try soon: there is a new letter, or the subscriber has shown itself."""
        with self._lock:
            self._schedule.release(self._clock())
            self._wake.set()

    def next_attempt_in(self) -> float:
        """Seconds until a letter is brought to the subscriber."""
        return round(max(0.0, self._schedule.due - self._clock()), 1)

    def failing_for(self) -> float:
        """Seconds for which the subscriber has taken nothing that was brought."""
        return self._schedule.failing_for(self._clock())

    def step(self) -> float:
        """Deliver what is due now; seconds until the next step."""
        self._wake.clear()
        if self._schedule.due <= self._clock():
            try:
                self._deliver()
            except StorageUnavailable as error:
                log.warning("dead letters out of reach", extra={"fields": {"error": str(error)}})
                self._rest(GAP)
        return max(0.0, self._schedule.due - self._clock())

    def _deliver(self) -> None:
        with self._database.snapshot() as tx:
            self.letters = turns.count(tx, self.triggers)
        if not self.letters:
            self._rest(REST)
            return
        with self._deliveries.under_way() as delivery:
            with self._database.transaction() as tx:
                batch = turns.take(tx, delivery, self.triggers, self._schedule.width)
            outcomes = self._attempt(batch)
            self._settle(delivery, outcomes)
        if outcomes:
            self._keep_schedule(outcomes)
        else:  # another copy of the function has them
            self._deliveries.look()
            self._rest(GAP)

    def _attempt(self, batch: Sequence[Letter]) -> list[Attempted]:
        """Deliver all at once, with nothing held meanwhile."""
        outcomes: list[Attempted] = []

        def attempt(letter: Letter) -> None:
            outcomes.append(Attempted(letter, self._failure(letter)))

        others = [
            threading.Thread(target=attempt, args=[letter], daemon=True) for letter in batch[1:]
        ]
        for thread in others:
            thread.start()
        for letter in batch[:1]:
            attempt(letter)
        for thread in others:
            thread.join()
        return outcomes

    def _failure(self, letter: Letter) -> Failure | None:
        try:
            self._courier.deliver(letter.event, self.url)
        except NotDelivered as error:
            return error.failure
        except Exception as error:  # one letter that cannot be sent must not stop the others
            log.exception("a delivery failed in a way that is not foreseen")
            return Failure(f"could not be sent: {type(error).__name__}")
        return None

    def _settle(self, delivery: str, outcomes: Sequence[Attempted]) -> None:
        with self._database.transaction() as tx:
            for one in outcomes:
                if one.failure is None:
                    store.forget(tx, one.letter.id)
                else:
                    _count(tx, one.letter, one.failure)
            turns.end(tx, delivery)

    def _keep_schedule(self, outcomes: Sequence[Attempted]) -> None:
        now, failures = self._clock(), [one.failure for one in outcomes if one.failure is not None]
        for one in outcomes:
            _log(one)
        with self._rescheduling():
            # Who refuses an event for good is there as well as who takes it.
            if len(failures) < len(outcomes) or not all(failure.passes for failure in failures):
                self._schedule.taken(now)
            else:
                answered = all(failure.answered for failure in failures)
                self._schedule.failed(now, letters=self.letters, answered=answered)

    def _rest(self, pause: float) -> None:
        with self._rescheduling():
            self._schedule.rest(self._clock(), pause)

    @contextmanager
    def _rescheduling(self) -> Iterator[None]:
        """A release that came since the step began, too late for it, is not forgotten."""
        with self._lock:
            yield
            if self._wake.is_set():
                self._schedule.release(self._clock())

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(self._safe_step())

    def _safe_step(self) -> float:
        try:
            return self.step()
        except Exception:  # a redelivery that ends would leave every later letter to a person
            log.exception("delivering again failed and goes on")
            return GAP


def _count(tx: Transaction, letter: Letter, failure: Failure) -> None:
    """What its subscriber refused is not forgotten because that is away just now."""
    if letter.refused and failure.passes:
        failure = replace(letter.failure, passes=True)
    refused = letter.refused or not failure.passes
    store.count_failure(tx, letter.id, failure, time_now(), refused=refused)


def _log(outcome: Attempted) -> None:
    """One line for each attempt, as for any event; those that fail for now are many."""
    failure, event = outcome.failure, outcome.letter.event
    fields = {
        "type": event.type,
        "id": event.id,
        "correlationid": event.extensions.get("correlationid"),
        "trigger": outcome.letter.trigger,
        "outcome": "delivered" if failure is None else failure.reason,
    }
    level = logging.DEBUG if failure is not None and failure.passes else logging.INFO
    log.log(level, "tried again", extra={"fields": fields})
