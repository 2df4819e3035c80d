"""The commands and reads of the public API that a load needs: changes when the contract does."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote

import msgspec

from broker.load.attempts import Answer, Door

T = TypeVar("T")
CLOCKS_AGREE = timedelta(seconds=2)  # a Date header has whole seconds
CHANGED = (
    "its text changed since it was loaded, what is on the blog stays: give it a file name or a row"
    " of its own to load it anew"
)
DELETED = "its post was deleted and stays so: give the file another name to load it anew"
TOO_EARLY = "its post has not reached `comments` yet: is the broker running? Then run this again"


class Refused(Exception):
    """The blog said no to one file or row; the others go on."""


class NoPost(Refused):
    """The post is not there, not yet or no more: no comment on it gets another answer."""


class Created(msgspec.Struct, frozen=True, rename="camel"):
    """A 201: the id, and when it was made, which a repetition of the request answers too."""

    id: str
    created_at: datetime


class Comment(msgspec.Struct, frozen=True):
    """A comment as a reader sees it, as far as it matters here."""

    id: str
    status: str


class Page(msgspec.Struct, frozen=True):
    """One page of a post's comments, and the cursor of the next."""

    comments: list[Comment]
    next: str | None = None


class Flaw(msgspec.Struct, frozen=True):
    """One thing wrong with what was sent; the pointer is empty where it is about the key."""

    pointer: str = ""
    detail: str = ""


class Problem(msgspec.Struct, frozen=True):
    """An `application/problem+json` answer."""

    status: int
    detail: str = ""
    errors: list[Flaw] = []

    def __str__(self) -> str:
        flaws = [f"{flaw.pointer.removeprefix('#/')} {flaw.detail}" for flaw in self.errors]
        return f"{self.status}, {'; '.join(flaws) or self.detail}"


class Blog:
    """One blog; several threads use it at once."""

    def __init__(self, door: Door, *, token: str | None = None) -> None:
        self.door = door
        self._author = {"Authorization": f"Bearer {token}"} if token else {}
        self._started = datetime.now(UTC)

    def create_post(self, content: dict[str, str], key: str) -> tuple[str, bool]:
        """The post's id, and whether this run made it."""
        headers = {"Idempotency-Key": key, **self._author}
        return self._created(self.door.post("/api/posts", msgspec.json.encode(content), headers))

    def create_comment(self, post: str, content: dict[str, str], key: str) -> tuple[str, bool]:
        """The comment's id, and whether this run made it."""
        body = msgspec.json.encode(content)
        return self._created(self.door.post(_comments(post), body, {"Idempotency-Key": key}))

    def statuses(self, post: str) -> dict[str, str] | None:
        """Each comment's status by id, None as long as readers have no such post."""
        statuses: dict[str, str] = {}
        cursor: str | None = ""
        while cursor is not None:
            after = f"&cursor={quote(cursor, safe='')}" if cursor else ""
            answer = self.door.get(f"{_comments(post)}?limit=100{after}")
            if answer.status == 404:
                return None
            page = self._read(answer, 200, Page)
            statuses.update((comment.id, comment.status) for comment in page.comments)
            cursor = page.next
        return statuses

    def _created(self, answer: Answer) -> tuple[str, bool]:
        if answer.status == 401:
            raise self.door.stop("the author's token is missing or wrong: give it in AUTHOR_TOKEN")
        if answer.status >= 400:
            raise _refusal(self._read(answer, answer.status, Problem), answer)
        created = self._read(answer, 201, Created)
        return created.id, created.created_at >= _on_its_clock(self._started, answer)

    def _read(self, answer: Answer, status: int, type_: type[T]) -> T:
        if answer.status == status:
            with suppress(msgspec.DecodeError):
                return msgspec.json.decode(answer.body, type=type_)
        raise self.door.stop(
            f"{self.door.url} does not answer like this blog ({answer.status}): is --url right?"
        )


def _comments(post: str) -> str:
    return f"/api/posts/{quote(post, safe='')}/comments"


def _refusal(problem: Problem, answer: Answer) -> Refused:
    if answer.status == 404:
        return NoPost(DELETED if answer.retry_after() is None else TOO_EARLY)
    about_key = answer.status == 422 and not any(flaw.pointer for flaw in problem.errors)
    return Refused(CHANGED if about_key else str(problem))


def _on_its_clock(moment: datetime, answer: Answer) -> datetime:
    """A moment of our clock as the server's has it; within seconds they count as the same."""
    now = datetime.now(UTC)
    ahead = parsedate_to_datetime(answer.headers.get("Date", f"{now:%a, %d %b %Y %T GMT}")) - now
    return moment + ahead if abs(ahead) > CLOCKS_AGREE else moment
