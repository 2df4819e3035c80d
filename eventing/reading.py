"""Reading a producer's history over HTTP: its address, its pages, and what may be wrong with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import msgspec

from eventing.settings import Misconfigured

if TYPE_CHECKING:
    import urllib3

FIRST_PAGE = "/events?limit=500"

_GONE = 410
_NAMED = re.compile(r"(?:([a-z0-9][a-z0-9._-]*)=)?(https?://.+)")


class FeedUnreadable(Exception):
    """A producer's feed cannot be read; whoever reads it goes on from there later."""


class OtherHistory(FeedUnreadable):
    """The position belongs to a history that this producer no longer has."""


class InvalidAddress(Misconfigured):
    """An address must be a URL of HTTP, or NAME=URL."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not an address: write http://HOST/ or NAME=http://HOST/")


@dataclass(frozen=True, slots=True)
class Peer:
    """Another function: its name, which is its events' source without the slash, and its address.

    The name stays when the address changes.
    """

    name: str
    address: str


class Event(msgspec.Struct):
    """An event of a page, as far as a copy needs it."""

    source: str
    type: str
    id: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")
    time: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some events of a feed, the link to those that follow, and how many these are at least.

    `broken` is how many could not be read at all.
    """

    events: Sequence[Event]
    following: str
    remaining: int
    broken: int = 0


def read_peers(text: str) -> list[Peer]:
    """Peers, separated by white space; one without a name is called by its host."""
    return [read_peer(each) for each in text.split()]


def read_peer(text: str) -> Peer:
    """`http://HOST/` or `NAME=http://HOST/`; InvalidAddress."""
    if (match := _NAMED.fullmatch(text)) is None or not urlsplit(match[2]).hostname:
        raise InvalidAddress(text)
    return Peer(match[1] or _name(match[2]), match[2])


def _name(address: str) -> str:
    """`posts` of http://posts.blog.svc.cluster.local/, else host and port."""
    url = urlsplit(address)
    host = url.hostname or ""
    return host.partition(".")[0] if host.endswith(".svc.cluster.local") else url.netloc


class Reader:
    """Reads pages, from any thread."""

    @cached_property
    def _http(self) -> "urllib3.PoolManager":
        # Imported only when a history is read: a function that wakes need not wait for it.
        import urllib3  # noqa: PLC0415

        return urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5.0, read=60.0),
            retries=urllib3.Retry(
                total=5, backoff_factor=0.2, status_forcelist=(429, 500, 502, 503, 504)
            ),
        )

    def read(self, feed: Peer, link: str, *, min_age: int = 0) -> Page:
        """The page at `link`, without the last events if they are younger than `min_age` seconds.

        FeedUnreadable, OtherHistory.
        """
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - as above

        address = urljoin(feed.address, link) + (f"&minAge={min_age}" if min_age else "")
        try:
            answer = self._http.request("GET", address)
            if answer.status == _GONE:
                raise OtherHistory(f"{feed.address} has another history now: start again")
            if answer.status != 200:
                raise FeedUnreadable(f"{address} answered {answer.status}")
            return _page(answer.data, answer.headers)
        except (HTTPError, msgspec.DecodeError, KeyError, ValueError) as error:
            raise FeedUnreadable(f"{address}: {type(error).__name__}") from error


def _page(body: bytes, headers: Mapping[str, str]) -> Page:
    members = msgspec.json.decode(body, type=list[msgspec.Raw])
    events = [event for each in members if (event := _event(each)) is not None]
    following = headers["Link"].partition(">")[0].removeprefix("<")
    remaining = int(headers.get("Events-Remaining", 0))
    return Page(events, following, remaining, len(members) - len(events))


def _event(member: msgspec.Raw) -> Event | None:
    try:
        return msgspec.json.decode(member, type=Event)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
