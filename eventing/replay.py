"""Replay: a projection is made again from its producers' feeds, beside the one that serves."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from eventing import positions
from eventing.clock import now
from eventing.comparison import Difference, differences
from eventing.database import Database, Transaction
from eventing.progress import Progress, Silent
from eventing.projection import Change, Projection
from eventing.reading import FIRST_PAGE, OtherHistory, Peer, Reader
from eventing.rebuild import Rebuild, begin, remove
from eventing.step import Skipped, Step, make_step, take

# Events that an open transaction hides from their feed, or that are still being delivered, have
# this many seconds to arrive.
SETTLE = 3.0


class Replay:
    """One run: `feeds` are the producers, `rate` is in events a second.

    `skipped` are the ids of the events that could not be applied.
    """

    def __init__(
        self,
        database: Database,
        projection: Projection,
        *,
        feeds: Sequence[Peer],
        progress: Progress | Silent,
        rate: int,
        settle: float = SETTLE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._projection = projection
        self._feeds = feeds
        self._progress = progress
        self._rate = rate
        self._settle_for = settle
        self._sleep = sleep
        self._reader = Reader()
        self.skipped: list[Skipped] = []

    def fill(self) -> Rebuild:
        """Fill the tables of the rebuild that is under way, or of a new one, up to now.

        FeedUnreadable, RebuildEnded.
        """
        self.remove_ended()
        with self._database.transaction() as tx:
            rebuild = begin(tx, self._projection.tables, self._projection.migrations)
        self._sleep(self._settle_for)
        for feed in self._feeds:
            try:
                self._follow(rebuild, feed)
            except OtherHistory:  # what has been filled so far belongs to no history
                self.end(rebuild, take_place=False)
                raise
        self._progress.end()
        return rebuild

    def differences(self, rebuild: Rebuild) -> Iterator[Difference]:
        """What is wrong with the serving tables; both have had the events of the meantime."""
        self._sleep(self._settle_for)
        for table in rebuild.tables:
            yield from differences(self._database, table, rebuild.name(table), pause=self._pause)

    def end(self, rebuild: Rebuild, *, take_place: bool, wrong: int | None = None) -> None:
        """Let what was built serve from now on, or throw it away.

        `wrong` is how many differences were found, None where nobody looked. Unless they are left,
        the copy is as the histories say from then on.
        """
        with self._database.transaction() as tx:
            links = rebuild.links(tx)
            rebuild.close(tx)
            # Before any table is replaced: whoever catches up holds its position first, too.
            if take_place or wrong == 0:
                self._settle(tx, rebuild, links, wrong or 0)
            rebuild.end(tx, take_place=take_place)
        self.remove_ended()

    def remove_ended(self) -> None:
        """Remove the tables that no rebuild fills any more, leaving others half of the time."""
        more = True
        while more:
            started = time.monotonic()
            with self._database.transaction() as tx:
                more = remove(tx, self._projection.tables)
            if more:
                self._sleep(time.monotonic() - started)

    def _settle(
        self, tx: Transaction, rebuild: Rebuild, links: Mapping[str, str], wrong: int
    ) -> None:
        doubted = [name for name, row in positions.facts(tx).items() if row["doubted"]]
        for feed, link in sorted(links.items()):
            positions.settle(tx, feed, link, now())
            positions.forget(tx, feed, rebuild.begun_at or "")
        for feed in (doubted or sorted(links))[:1]:
            positions.count_repaired(tx, feed, wrong, now())

    def _follow(self, rebuild: Rebuild, feed: Peer) -> None:
        """Apply all that a feed has, from where this rebuild has got to."""
        more = True
        while more:
            link = self._link(rebuild, feed)
            started = time.monotonic()
            page = self._reader.read(feed, link)
            moved = page.following != link
            step = make_step(self._projection, feed.name, link, page)
            if moved and self._take(rebuild, step) and page.events:
                self._progress.note(feed.name, len(page.events), page.events[-1].time)
                self._pause(len(page.events), started)
            # A page of damaged events only is empty, and not the last one.
            more = bool(page.events) or (moved and page.remaining > 0)

    def _link(self, rebuild: Rebuild, feed: Peer) -> str:
        with self._database.transaction() as tx:
            return rebuild.link(tx, feed.name, FIRST_PAGE)

    def _pause(self, size: int, started: float) -> None:
        self._sleep(max(0.0, started + size / self._rate - time.monotonic()))

    def _take(self, rebuild: Rebuild, step: Step) -> bool:
        """Apply a page; False when another replay has done so."""

        def apply(step: Step) -> bool:
            with self._database.transaction() as tx:
                if not rebuild.pass_on(tx, step.feed, step.links):
                    return False
                for change in step.changes:
                    change.rule.apply(rebuild.beside(tx), change.data)
                for event, why in step.skipped:
                    positions.skip(tx, step.feed, event, why, now())
            return True

        def apply_alone(change: Change) -> None:
            with self._database.transaction() as tx:
                change.rule.apply(rebuild.beside(tx), change.data)

        taken, done = take(step, apply, apply_alone)
        self.skipped += done.skipped if taken else ()
        return taken
