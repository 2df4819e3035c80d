"""Replay: a projection is made anew from its producers' feeds, beside the one that serves."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

import msgspec
import urllib3

from eventing.comparison import Difference, differences
from eventing.database import Database
from eventing.progress import Progress
from eventing.projection import Projection
from eventing.rebuild import Rebuild, begin, remove

FIRST_PAGE = "/events?limit=500"
# Events that an open transaction hides from their feed, or that are still being delivered, have
# this many seconds to arrive.
SETTLE = 3.0

_ANSWER_WITHIN = urllib3.Timeout(connect=5.0, read=60.0)
_AGAIN = urllib3.Retry(total=5, backoff_factor=0.2, status_forcelist=(429, 500, 502, 503, 504))


class FeedUnreadable(Exception):
    """A producer's feed cannot be read; a replay goes on from there when it is started again."""


class _Event(msgspec.Struct):
    source: str
    type: str
    data: msgspec.Raw
    time: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some events of a feed, and the link to those that follow."""

    events: Sequence[_Event]
    following: str


class Replay:
    """One run: `feeds` are the addresses of the producers, `rate` is in events a second."""

    def __init__(
        self,
        database: Database,
        projection: Projection,
        *,
        feeds: Sequence[str],
        progress: Progress,
        rate: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._projection = projection
        self._rules = {(k.source, k.type): (k.data, apply) for k, apply in projection.rules}
        self._feeds = feeds
        self._progress = progress
        self._rate = rate
        self._sleep = sleep
        self._http = urllib3.PoolManager(timeout=_ANSWER_WITHIN, retries=_AGAIN)

    def fill(self) -> Rebuild:
        """Fill the tables of the rebuild that is under way, or of a new one, up to now."""
        self.remove_ended()
        with self._database.transaction() as tx:
            rebuild = begin(tx, self._projection.tables, self._projection.migrations)
        self._sleep(SETTLE)
        for feed in self._feeds:
            self._follow(rebuild, feed)
        self._progress.end()
        return rebuild

    def differences(self, rebuild: Rebuild) -> Iterator[Difference]:
        """What is wrong with the serving tables; both have had the events of the meantime."""
        self._sleep(SETTLE)
        for table in rebuild.tables:
            yield from differences(self._database, table, rebuild.name(table))

    def end(self, rebuild: Rebuild, *, take_place: bool) -> None:
        """Let what was built serve from now on, or throw it away."""
        with self._database.transaction() as tx:
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

    def _follow(self, rebuild: Rebuild, feed: str) -> None:
        """Apply all that a feed has, from where this rebuild has got to."""
        link = self._link(rebuild, feed)
        while (page := self._read(feed, link)).events:
            started = time.monotonic()
            if not self._apply(rebuild, feed, (link, page)):
                link = self._link(rebuild, feed)
                continue
            link = page.following
            self._progress.note(feed, len(page.events), page.events[-1].time)
            self._sleep(max(0.0, started + len(page.events) / self._rate - time.monotonic()))

    def _link(self, rebuild: Rebuild, feed: str) -> str:
        with self._database.transaction() as tx:
            return rebuild.link(tx, feed, FIRST_PAGE)

    def _read(self, feed: str, link: str) -> Page:
        address = urljoin(feed, link)
        try:
            answer = self._http.request("GET", address)
            if answer.status != 200:
                raise FeedUnreadable(f"{address} answered {answer.status}")
            events = msgspec.json.decode(answer.data, type=list[_Event])
            return Page(events, answer.headers["Link"].partition(">")[0].removeprefix("<"))
        except (urllib3.exceptions.HTTPError, msgspec.DecodeError, KeyError) as error:
            raise FeedUnreadable(f"{address}: {type(error).__name__}") from error

    def _apply(self, rebuild: Rebuild, feed: str, read: tuple[str, Page]) -> bool:
        """Apply a page in one transaction; False when another replay has done so."""
        link, page = read
        with self._database.transaction() as tx:
            if not rebuild.pass_on(tx, feed, (link, page.following)):
                return False
            beside = rebuild.beside(tx)
            for event in page.events:
                if rule := self._rules.get((event.source, event.type)):
                    kind, apply = rule
                    apply(beside, msgspec.json.decode(event.data, type=kind))
        return True
