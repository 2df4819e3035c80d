"""Which hosts a program answers to, and from which origins it takes requests that change something.

Any web page can point a name of its own at this machine (DNS rebinding), and a browser then takes
the program behind that name for a part of the page: the `Host` header gives it away. A page may
also send requests without being able to read the answers: `Origin` and `Sec-Fetch-Site` tell.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

from eventing.problem import Refused
from eventing.settings import Misconfigured

LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE = ("GET", "HEAD")

_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class NotAHost(Misconfigured):
    """ALLOWED_HOSTS or SITE_URL names no host."""


class Misdirected(Refused):
    """Nothing here answers to that Host: ALLOWED_HOSTS can name it."""

    status = HTTPStatus.MISDIRECTED_REQUEST


class CrossOrigin(Refused):
    """The request comes from a page of another origin."""

    status = HTTPStatus.FORBIDDEN


class Headers(Protocol):
    """The headers of a request, by a name in any case."""

    def get(self, name: str, default: str, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Hosts:
    """`answered` and `trusted` are hosts, each with one port or, without it, with any.

    Those in `answered` may be asked for; pages of those in `trusted`, and of the origin `site`, may
    change something here. Unless `checked`, any `Host` is answered: a cluster's probes carry a
    pod's address.
    """

    answered: frozenset[str] = LOCAL
    trusted: frozenset[str] = frozenset()
    site: str = ""
    checked: bool = True

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Hosts":
        """ALLOWED_HOSTS, separated by commas or spaces, and SITE_URL; `Host` unless K_SERVICE."""
        allowed = frozenset(_listed(env.get("ALLOWED_HOSTS", "")))
        site = _origin_of(env.get("SITE_URL", ""))
        own = [found[1]] if (found := _AUTHORITY.fullmatch(site.partition("://")[2])) else []
        return cls(LOCAL | allowed.union(own), allowed, site, not env.get("K_SERVICE"))

    def check(self, method: str, headers: Headers, safe: Collection[str] = SAFE) -> None:
        """Raise Misdirected or CrossOrigin unless the request is meant for this program.

        Methods that are `safe` change nothing, so any page may send them.
        """
        host = headers.get("Host", "").lower()
        if self.checked and not _is_among(self.answered, host):
            raise Misdirected
        if method in safe:
            return
        if headers.get("Sec-Fetch-Site", "").strip().lower() == "cross-site":
            raise CrossOrigin
        origin = headers.get("Origin", "").strip().lower()
        if origin and not self._is_ours(origin, host):
            raise CrossOrigin

    def _is_ours(self, origin: str, host: str) -> bool:
        """Whether it is that of the host that was asked, TLS or not, of the site, or trusted."""
        scheme, _, authority = origin.partition("://")
        if scheme not in _DEFAULT_PORTS:
            return False  # as `null` is, the origin of any sandboxed page
        port = _DEFAULT_PORTS[scheme]
        same = authority.removesuffix(port) == host.removesuffix(port)
        return same or origin == self.site or _is_among(self.trusted, authority)


def _is_among(hosts: frozenset[str], authority: str) -> bool:
    found = _AUTHORITY.fullmatch(authority)
    return found is not None and not hosts.isdisjoint((found[1], authority))


def _listed(text: str) -> Iterator[str]:
    for entry in text.replace(",", " ").lower().split():
        if not _AUTHORITY.fullmatch(entry):
            raise NotAHost(
                f"ALLOWED_HOSTS has {entry!r}: name hosts as in `blog.example box:8080`,"
                " without a scheme or a path"
            )
        yield entry


def _origin_of(url: str) -> str:
    """As a browser sends it: without the scheme's own port."""
    if not url:
        return ""
    parts = urlsplit(url.lower())
    if parts.scheme not in _DEFAULT_PORTS or not _AUTHORITY.fullmatch(parts.netloc):
        raise NotAHost(f"SITE_URL is {url!r}: write it whole, as in https://blog.example")
    return f"{parts.scheme}://{parts.netloc.removesuffix(_DEFAULT_PORTS[parts.scheme])}"
