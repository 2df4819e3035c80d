"""One client that writes until told to stop: a command is repeated until its fate is certain."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import aiohttp

from tests.chaos import texts
from tests.chaos.ledger import Comment, Done, Ledger, Post

PATIENCE = 300.0  # seconds without an answer of any use, after which something is broken
ANSWER_WITHIN = 120.0  # seconds; every time-out inside the blog is shorter
CONNECT_WITHIN = 5.0  # seconds


class Unanswered(Exception):
    """A command was repeated for minutes, and nobody took or refused it."""


class Told(NamedTuple):
    """The first answer that left no doubt, and whether an earlier attempt may have been done."""

    status: int
    document: Any
    doubt: bool
    come_back: bool


class Client:
    """Writes at the `doors` of services; posts are changed only by the client that made them."""

    def __init__(
        self,
        doors: Callable[[str], str],
        ledger: Ledger,
        *,
        chance: Random,
        session: aiohttp.ClientSession,
    ) -> None:
        self._doors = doors
        self._ledger = ledger
        self._chance = chance
        self._session = session
        self._posts: list[Post] = []
        self._comments: list[Comment] = []

    async def write(self) -> None:
        """One command, as chance will have it."""
        kinds = (self._comment, self._overrule, self._edit, self._create, self._delete)
        [kind] = self._chance.choices(kinds, (46, 20, 15, 15, 4))
        await kind()

    async def _create(self) -> None:
        title, body = texts.title(self._chance), texts.text(self._chance)
        told = await self._command("POST", "posts/posts", {"title": title, "body": body})
        if self._accepted(told, 201, "POST a post"):
            post = Post(told.document["id"], title.strip(), body)
            if post.id in self._ledger.posts:
                self._complain("doubled: two commands were given one post", told)
            self._ledger.posts[post.id] = post
            self._posts.append(post)

    async def _edit(self) -> None:
        if not self._posts:
            return await self._create()
        post, body = self._chance.choice(self._posts), texts.text(self._chance)
        told = await self._command("PATCH", f"posts/posts/{post.id}", {"body": body})
        if self._accepted(told, 200, "PATCH a post"):
            post.body = body
            post.versions += 1
            if told.document["version"] != post.versions:
                self._complain(f"doubled: a post has not {post.versions} versions", told)
        return None

    async def _delete(self) -> None:
        if len(self._posts) < 2:
            return await self._create()
        post = self._posts.pop(self._chance.randrange(len(self._posts)))
        told = await self._command("DELETE", f"posts/posts/{post.id}")
        gone_before = told.status == 404 and told.doubt  # by the attempt whose answer was lost
        post.deleted = gone_before or self._accepted(told, 204, "DELETE a post")
        return None

    async def _comment(self) -> None:
        if not self._ledger.posts:
            return await self._create()
        post = self._chance.choice(list(self._ledger.posts.values()))
        remark, listed = texts.remark(self._chance)
        told = await self._command("POST", f"comments/posts/{post.id}/comments", remark)
        if told.status == 404:
            if not told.come_back:  # else the post is not there yet
                self._ledger.refused.add(post.id)
        elif self._accepted(told, 201, "POST a comment"):
            comment = Comment(told.document["id"], post.id, remark, listed)
            if comment.id in self._ledger.comments:
                self._complain("doubled: two commands were given one comment", told)
            self._ledger.comments[comment.id] = comment
            self._comments.append(comment)
        return None

    async def _overrule(self) -> None:
        if not self._comments:
            return await self._comment()
        comment = self._chance.choice(self._comments)
        verdict = self._chance.choice(("approved", "rejected"))
        path = f"comments/posts/{comment.post_id}/comments/{comment.id}"
        told = await self._command("PATCH", path, {"status": verdict})
        if told.status == 404:
            self._ledger.refused.add(comment.post_id)
            self._comments.remove(comment)
        elif self._accepted(told, 200, "PATCH a comment"):
            comment.decided = verdict
            comment.overrulings += 1
            if told.document["status"] != verdict:
                self._complain(f"wrong: {verdict} was not what the author got", told)
        return None

    def _accepted(self, told: Told, status: int, what: str) -> bool:
        if told.status == status:
            self._ledger.accepted += 1
            return True
        self._complain(f"wrong: {what} was answered", told)
        return False

    def _complain(self, words: str, told: Told) -> None:
        self._ledger.complaints.append(f"{words}: {told}")

    async def _command(self, method: str, path: str, document: object = None) -> Told:
        """Repeat it, with the same key, until it is done or refused."""
        key = str(UUID(int=self._chance.getrandbits(128)))
        headers = {"Idempotency-Key": key} if method == "POST" else {}
        doubt = False
        async with asyncio.timeout(PATIENCE):
            while True:
                told = await self._try(method, path, document, headers)
                if told is not None:
                    if told.status == 201:
                        self._ledger.done.append(Done(path, document, key, told.document))
                    return told._replace(doubt=doubt)
                doubt = True
                await asyncio.sleep(self._chance.uniform(0.05, 0.4))

    async def _try(
        self, method: str, path: str, document: object, headers: dict[str, str]
    ) -> Told | None:
        service, _, rest = path.partition("/")
        limit = aiohttp.ClientTimeout(total=ANSWER_WITHIN, sock_connect=CONNECT_WITHIN)
        try:
            async with self._session.request(
                method,
                f"{self._doors(service)}/{rest}",
                json=document,
                headers=headers,
                timeout=limit,
            ) as answer:
                if answer.status >= 500:
                    return None
                known = await answer.json(content_type=None) if answer.status != 204 else None
                return Told(
                    answer.status, known, doubt=False, come_back="Retry-After" in answer.headers
                )
        except (aiohttp.ClientError, TimeoutError):
            return None
