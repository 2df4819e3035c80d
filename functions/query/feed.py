"""The newest posts as an Atom feed (RFC 4287): changes with what feed readers are told."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote
from uuid import UUID, uuid5

from eventing.answer import Answer, tagged, unless_known
from eventing.call import Call
from eventing.database import Database
from functions.query import store

NEWEST = 20  # entries
TITLE = "Sleeping Blog"
NEVER = "1970-01-01T00:00:00Z"  # a feed must say when it was updated, an empty one too

_IDS = UUID("9b6ff6a9-2d3a-4d0f-8d2c-6d0a5f0f7c1e")
# All that XML 1.0 cannot hold, not even escaped (section 2.2).
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Feed:
    """`site` is where readers find the page, `https://blog.example`.

    When it is empty, links have no host: a feed reader adds the one that it got the feed from.
    """

    database: Database
    site: str

    def read(self, call: Call) -> Answer:
        """`GET /feed.xml`."""
        with self.database.snapshot() as tx:
            rows = store.summaries(tx, None, NEWEST)
            first = store.first_post(tx)
        posts = [json.loads(summary) for summary in store.intact(rows)]
        document = atom(posts, self.site.rstrip("/"), first)
        answer = Answer(body=document, content_type="application/atom+xml; charset=utf-8")
        return unless_known(tagged(answer), call.headers.get("If-None-Match"))


def atom(posts: Sequence[Mapping[str, str]], site: str, first: str) -> str:
    """The feed of `posts`, as the list has them; `first` is the id of the blog's first post.

    By that a feed is known wherever its blog moves, and no other blog has it (RFC 4287, 4.2.6).
    """
    return "\n".join(_lines(posts, site, first)) + "\n"


def _lines(posts: Sequence[Mapping[str, str]], site: str, first: str) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield '<feed xmlns="http://www.w3.org/2005/Atom">'
    yield f"<title>{TITLE}</title>"
    yield f"<id>{_identity(f'feed {first}')}</id>"
    yield f"<updated>{max((post['updatedAt'] for post in posts), default=NEVER)}</updated>"
    yield f"<author><name>{TITLE}</name></author>"
    yield f'<link rel="self" type="application/atom+xml" href="{_text(site)}/api/feed.xml"/>'
    yield f'<link rel="alternate" type="text/html" href="{_text(site)}/"/>'
    for post in posts:
        yield from _entry(post, site)
    yield "</feed>"


def _entry(post: Mapping[str, str], site: str) -> Iterator[str]:
    address = f"{site}/posts/{quote(post['id'], safe='')}"
    yield "<entry>"
    yield f"<title>{_text(post['title'])}</title>"
    yield f"<id>{_identity(post['id'])}</id>"
    yield f'<link rel="alternate" type="text/html" href="{_text(address)}"/>'
    yield f"<published>{post['createdAt']}</published>"
    yield f"<updated>{post['updatedAt']}</updated>"
    yield f"<summary>{_text(post['excerpt'])}</summary>"
    yield "</entry>"


def _identity(name: str) -> str:
    """An id that stays when the site moves, as RFC 4287 (4.2.6) wants."""
    return uuid5(_IDS, name).urn


def _text(text: str) -> str:
    # A bare carriage return would be read back as a line feed.
    return escape(_FORBIDDEN.sub("", text)).replace("\r", "&#13;")
