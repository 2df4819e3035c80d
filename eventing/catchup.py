"""Catching up: a copy is compared with a producer's history, and takes from it what it lacks."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from eventing import positions
from eventing.clock import ago, now
from eventing.database import Database, Transaction
from eventing.projection import Change, Projection
from eventing.reading import OtherHistory, Page, Peer, Reader
from eventing.step import Step, make_step, take

IDS_LOGGED = 5  # of the events that were lacking

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How a copy is compared; events younger than `min_age` seconds are left for later."""

    database: Database
    projection: Projection
    reader: Reader
    min_age: int

    def compare(self, feed: Peer, pause: Callable[[float], None]) -> int:
        """Compare up to the end, and say how many events are too young.

        `pause` is called after each page with the seconds that it took. FeedUnreadable; when the
        history is another one, that is noted for later and OtherHistory goes up.
        """
        comparison = _Comparison(self, feed)
        try:
            return comparison.run(pause)
        except OtherHistory:
            log.warning("the history is another one", extra={"fields": {"feed": feed.name}})
            with self.database.transaction() as tx:
                positions.doubt(tx, feed.name)
            raise
        finally:
            comparison.log_lacked()


@dataclass(slots=True)
class _Comparison:
    """One comparison with one feed; what the copy lacked."""

    how: CatchUp
    feed: Peer
    lacked: int = 0
    first: list[str] = field(default_factory=list)

    def run(self, pause: Callable[[float], None]) -> int:
        began = now()
        more = True
        while more:
            started = time.monotonic()
            link = self._link()
            page = self.how.reader.read(self.feed, link, min_age=self.how.min_age)
            moved = page.following != link
            if moved:
                self._take(link, page)
            # A page of damaged events only is empty, and not the last one.
            more = bool(page.events) or (moved and page.remaining > 0)
            if more:
                pause(time.monotonic() - started)
        self._check_delivered(began)
        return page.remaining

    def log_lacked(self) -> None:
        if self.lacked:
            fields = {"feed": self.feed.name, "events": self.lacked, "first": self.first}
            log.error("the copy lacked events and has them now", extra={"fields": fields})

    def _link(self) -> str:
        with self.how.database.snapshot() as tx:
            return positions.link(tx, self.feed.name)

    def _take(self, link: str, page: Page) -> None:
        step = make_step(self.how.projection, self.feed.name, link, page)
        with self.how.database.snapshot() as tx:
            lacking = self.how.projection.lacking(tx, step.changes)
        take(replace(step, changes=lacking), self._apply, self._apply_alone)

    def _apply(self, step: Step) -> None:
        """Apply what the copy lacks, and go on to the next page."""
        with self.how.database.transaction() as tx:
            if not positions.move(tx, step.feed, step.links, now()):
                return  # another copy of the function has compared this page
            made = self._change(tx, step.changes)
            positions.meet(tx, step.feed, step.events)
            for event, why in step.skipped:
                positions.skip(tx, step.feed, event, why, now())
        self._note(made)

    def _apply_alone(self, change: Change) -> None:
        with self.how.database.transaction() as tx:
            made = self._change(tx, [change])
        self._note(made)

    def _change(self, tx: Transaction, changes: Sequence[Change]) -> Sequence[Change]:
        made = self.how.projection.apply(tx, changes)
        positions.count_repaired(tx, self.feed.name, len(made), now())
        return made

    def _note(self, made: Sequence[Change]) -> None:
        self.lacked += len(made)
        self.first += [change.id for change in made[: IDS_LOGGED - len(self.first)]]

    def _check_delivered(self, began: str) -> None:
        """What was delivered a while ago and is not in the history came from another one."""
        span = timedelta(seconds=1.5 * self.how.min_age)
        with self.how.database.snapshot() as tx:
            strange = positions.unmet(tx, self.feed.name, (ago(began, span), ago(began, -span)))
        if strange:
            raise OtherHistory(f"{self.feed.name} lacks events that it has sent")
