"""Keeping a copy as the histories say: it is compared with them in the background, and mended."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventing import positions
from eventing.catchup import CatchUp
from eventing.clock import now
from eventing.cloudevent import CloudEvent
from eventing.condition import Finding
from eventing.copystate import Standing, find
from eventing.database import Database, StorageUnavailable
from eventing.patience import step_aside
from eventing.problem import Unavailable
from eventing.progress import Silent
from eventing.projection import Projection
from eventing.reading import FeedUnreadable, OtherHistory, Peer, Reader, read_peers
from eventing.rebuild import RebuildEnded
from eventing.recurring import Recurring
from eventing.replay import SETTLE, Replay
from eventing.subscriber import Subscription
from eventing.telling import Grown
from eventing.worker import Worker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """When a copy is compared, all in seconds; `rate` is in events a second, from the start.

    Without an `interval` only producers that say so make it compare: a function that sleeps is not
    woken for nothing. What is younger than `min_age` may still be on its way through the broker.
    A producer that asks waits for `patience` at most. Before and after a comparison from the start
    events on their way have `settle` to arrive.
    """

    interval: float | None = 20.0
    min_age: int = 60
    patience: float = 20.0
    rate: int = 1_000
    settle: float = SETTLE


class _Stopped(Exception):
    """The process ends; the comparison goes on at the next start."""


class Upkeep:
    """Compares the copy in `database` with its `feeds`, in the background."""

    def __init__(
        self,
        database: Database,
        projection: Projection,
        feeds: Sequence[Peer],
        *,
        pace: Pace = Pace(),
    ) -> None:
        self._database = database
        self._projection = projection
        self._feeds = {feed.name: feed for feed in feeds}
        self._pace = pace
        self._catch_up = CatchUp(database, projection, Reader(), pace.min_age)
        self._standings = {name: Standing() for name in self._feeds}
        self._asked: set[str] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        seconds = pace.interval or threading.TIMEOUT_MAX
        self._rounds = Recurring("copies", self.round, seconds=seconds)
        self.worker = Worker(self._start, self._stop)

    @classmethod
    def from_env(
        cls, database: Database, projection: Projection, env: Mapping[str, str]
    ) -> "Upkeep":
        """Compare with FEEDS: by the clock, but in a cluster, which sets K_SERVICE, when told."""
        pace = Pace(interval=None) if env.get("K_SERVICE") else Pace()
        return cls(database, projection, read_peers(env.get("FEEDS", "")), pace=pace)

    def subscriptions(self) -> list[Subscription]:
        """What the function takes in: the events that the copy follows, and word from producers."""
        kinds = [Grown(source) for source in sorted(self._projection.sources)]
        return [
            *self._projection.follow(self._database, self._feeds),
            *(Subscription(kind, self._told) for kind in kinds),
        ]

    def check(self) -> Finding:
        """How the copy is, for `GET /status`."""
        if not self._feeds:
            return Finding()
        with self._database.snapshot() as tx:
            return find(self._standings, positions.facts(tx), positions.skipped(tx))

    def round(self) -> None:
        """Compare with whoever asked, or with all when it is time; mend whatever is wrong."""
        with self._changed:
            asked, self._asked = self._asked, set()
        due = asked or (self._feeds if self._pace.interval else ())
        try:
            self._remove_ended()
            if doubted := self._doubted():
                self._compare_from_start(doubted)
            for name in due:
                self._compare(self._feeds[name])
        except _Stopped:
            return

    def _told(self, event: CloudEvent, _data: object) -> None:
        """Compare now, and refuse until nothing of that history is left: 202 means it is."""
        step_aside()
        feed, asked_at = event.source.strip("/"), time.monotonic()
        if feed not in self._feeds:
            return
        standing = self._standings[feed]
        with self._changed:
            self._asked.add(feed)
            standing.begin()
            self._rounds.wake()
            self._changed.wait_for(
                lambda: standing.tried > asked_at or self._stopping.is_set(), self._pace.patience
            )
        if standing.tried <= asked_at or standing.behind:
            raise Unavailable("The copy has not been compared with the whole history yet.")

    def _start(self) -> None:
        if self._feeds:
            self._rounds.start()
            self._rounds.wake()  # for what an earlier process has left unfinished

    def _stop(self) -> None:
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        self._rounds.stop(grace=1.0)  # a page that is being read is read again next time

    def _compare(self, feed: Peer) -> None:
        standing, began = self._standings[feed.name], time.monotonic()
        standing.begin()
        try:
            behind = self._catch_up.compare(feed, self._leave_room)
            standing.succeed(behind, now())
        except OtherHistory:
            standing.fail("it is compared from the start, for its history is another one")
            self._ask_again(feed)
            return
        except FeedUnreadable as error:
            standing.fail(f"its history cannot be read ({error})")
            log.warning("a history cannot be read", extra={"fields": {"error": str(error)}})
        except (StorageUnavailable, _Stopped):
            raise
        except Exception:  # the other histories are compared nevertheless
            standing.fail("it failed in a way that its log tells")
            log.exception("not compared", extra={"fields": {"feed": feed.name}})
        finally:
            with self._changed:
                standing.tried = began
                self._changed.notify_all()

    def _ask_again(self, feed: Peer) -> None:
        with self._changed:
            self._asked.add(feed.name)
        self._rounds.wake()

    def _doubted(self) -> list[str]:
        """The feeds whose history is another one since they were compared."""
        with self._database.snapshot() as tx:
            return [
                name
                for name, row in positions.facts(tx).items()
                if row["doubted"] and name in self._feeds
            ]

    def _compare_from_start(self, doubted: Sequence[str]) -> None:
        """Make the copy again beside the one that serves, and let it serve if they differ."""
        replay = self._replay()
        try:
            rebuild = replay.fill()
            wrong = sum(1 for _ in replay.differences(rebuild))
            replay.end(rebuild, take_place=wrong > 0, wrong=wrong)
        except (FeedUnreadable, RebuildEnded) as error:
            log.warning("not compared from the start yet", extra={"fields": {"error": str(error)}})
            if isinstance(error, OtherHistory):  # what had been read of it is thrown away by now
                self._rounds.wake()
            return
        fields = {"feeds": doubted, "differences": wrong}
        level = logging.ERROR if wrong else logging.INFO
        log.log(level, "the copy was compared from the start", extra={"fields": fields})

    def _remove_ended(self) -> None:
        """Remove tables that an interrupted replay has left, and the texts in them."""
        self._replay().remove_ended()

    def _replay(self) -> Replay:
        return Replay(
            self._database,
            self._projection,
            feeds=list(self._feeds.values()),
            progress=Silent(),
            rate=self._pace.rate,
            settle=self._pace.settle,
            sleep=self._sleep,
        )

    def _leave_room(self, seconds: float) -> None:
        """Leave others two thirds of the time."""
        self._sleep(2 * seconds)

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise _Stopped
