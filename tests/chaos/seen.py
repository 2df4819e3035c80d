"""What there is to see when all is at rest: the read model as readers get it, and the feeds."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.chaos.cast import Cast
from tests.chaos.ledger import Done, Ledger
from tests.chaos.settled import PRODUCERS

Document = dict[str, Any]
AT_ONCE = 16
SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """`listed` as in the list; `posts` and `comments` one by one; `feeds` by producer."""

    listed: list[Document]
    posts: dict[str, Document]
    comments: dict[str, list[Document]]
    feeds: dict[str, list[Document]]
    gone: dict[str, set[int]]
    """How posts, and comments on them, that must not be there were answered for."""
    again: list[tuple[Done, int, object]]
    """Commands that were sent once more with their key, and the answers."""


class Reader:
    """Reads everything that anybody may read."""

    def __init__(self, cast: Cast, session: aiohttp.ClientSession) -> None:
        self._cast = cast
        self._session = session
        self._free = asyncio.Semaphore(AT_ONCE)

    async def read(self, ledger: Ledger) -> Seen:
        """Everything, once."""
        listed = await self._pages("/posts?limit=100", "posts")
        ids = [post["id"] for post in listed]
        posts = await asyncio.gather(*(self._get(f"/posts/{id_}") for id_ in ids))
        comments = await asyncio.gather(
            *(self._pages(f"/posts/{id_}/comments?limit=100", "comments") for id_ in ids)
        )
        deleted = [post.id for post in ledger.posts.values() if post.deleted]
        gone = await asyncio.gather(*(self._gone(id_, ledger) for id_ in deleted))
        again = await asyncio.gather(*(self._again(done) for done in ledger.done[-SAMPLE:]))
        return Seen(
            listed,
            dict(zip(ids, posts, strict=True)),
            dict(zip(ids, comments, strict=True)),
            {name: await self._feed(name) for name in PRODUCERS},
            dict(zip(deleted, gone, strict=True)),
            again,
        )

    async def _pages(self, path: str, member: str) -> list[Document]:
        found: list[Document] = []
        page = await self._get(path)
        while True:
            found += page[member]
            if page["next"] is None:
                return found
            page = await self._get(f"{path}&cursor={page['next']}")

    async def _gone(self, post_id: str, ledger: Ledger) -> set[int]:
        """The statuses of everything about a deleted post."""
        reads = [f"/posts/{post_id}", f"/posts/{post_id}/comments"]
        reads += [f"{reads[1]}/{comment.id}" for comment in ledger.comments_of(post_id)]
        post = f"posts/posts/{post_id}"
        return {
            *[(await self._ask("GET", f"query{path}"))[0] for path in reads],
            (await self._ask("PATCH", post, {"body": "again"}))[0],
            (await self._ask("POST", f"comments/posts/{post_id}/comments", {"content": "?"}))[0],
        }

    async def _again(self, done: Done) -> tuple[Done, int, object]:
        return done, *await self._ask("POST", done.path, done.document, key=done.key)

    async def _ask(
        self, method: str, path: str, document: object = None, *, key: str | None = None
    ) -> tuple[int, object]:
        service, _, rest = path.partition("/")
        headers = {"Idempotency-Key": key} if key else {}
        async with (
            self._free,
            self._session.request(
                method, f"{self._at(service)}/{rest}", json=document, headers=headers
            ) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    async def _feed(self, producer: str) -> list[Document]:
        found: list[Document] = []
        link = "/events"
        while True:
            url = self._at(producer) + link
            async with self._session.get(url) as answer:
                page = await answer.json(content_type=None)
                link = answer.headers["Link"].partition(">")[0].removeprefix("<")
            if not page:
                return found
            found += page

    async def _get(self, path: str) -> Any:
        async with self._free, self._session.get(self._at("query") + path) as answer:
            answer.raise_for_status()
            return await answer.json(content_type=None)

    def _at(self, service: str) -> str:
        return self._cast.addresses[service][0]
