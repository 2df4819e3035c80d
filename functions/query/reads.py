"""The reads: pages of posts, one post, its comments, one comment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from eventing.answer import Answer, json_answer, tagged, unless_known
from eventing.call import Call
from eventing.cursor import decode_text_cursor, encode_cursor
from eventing.database import Database, Transaction
from eventing.kept import Kept
from eventing.problem import NotFound
from functions.events import CommentState
from functions.query import store, views

T = TypeVar("T")

POSTS, COMMENTS, MOST = 20, 50, 100  # a page by default, and at most


@dataclass(frozen=True, slots=True)
class Reads:
    """Answers from the read model alone."""

    database: Database
    page: Kept = field(default_factory=Kept)

    def posts(self, call: Call) -> Answer:
        """`GET /posts`: newest first."""
        limit, before = call.limit(POSTS, MOST), _cursor(call)
        with self.database.snapshot() as tx:
            answer = self.page.answer(tx, (limit, before), lambda: _page(tx, before, limit))
        return unless_known(answer, call.headers.get("If-None-Match"))

    def post(self, call: Call, post_id: str) -> Answer:
        """`GET /posts/ID`: the post and its first comments."""
        with self.database.snapshot() as tx:
            post = _existing_post(tx, post_id)
            comments, following = _comments(tx, post_id, None, COMMENTS)
        return _answer(call, Answer(body=views.post_view(post, comments, following)))

    def comments(self, call: Call, post_id: str) -> Answer:
        """`GET /posts/ID/comments`: oldest first."""
        limit, after = call.limit(COMMENTS, MOST), _cursor(call)
        with self.database.snapshot() as tx:
            _existing_post(tx, post_id)
            comments, following = _comments(tx, post_id, after, limit)
        shown = [views.comment_view(comment) for comment in comments]
        return _answer(call, json_answer({"comments": shown, "next": following}))

    def comment(self, call: Call, post_id: str, comment_id: str) -> Answer:
        """`GET /posts/ID/comments/CID`."""
        with self.database.snapshot() as tx:
            _existing_post(tx, post_id)
            comment = store.find_comment(tx, comment_id)
        if comment is None or comment.postId != post_id:
            raise NotFound("There is no such comment (yet).")
        return _answer(call, json_answer(views.comment_view(comment)))


def _answer(call: Call, answer: Answer) -> Answer:
    return unless_known(tagged(answer), call.headers.get("If-None-Match"))


def _page(tx: Transaction, before: tuple[str, str] | None, limit: int) -> Answer:
    rows, following = _cut(
        store.summaries(tx, before, limit + 1),
        limit,
        lambda row: encode_cursor(row["created_at"], row["id"]),
    )
    return tagged(Answer(body=views.page(store.intact(rows), following)))


def _existing_post(tx: Transaction, post_id: str) -> store.Post:
    post = store.read_post(tx, post_id)
    if post is None:
        raise NotFound("There is no such post (yet).")
    return post


def _cursor(call: Call) -> tuple[str, str] | None:
    return decode_text_cursor(call.query["cursor"]) if "cursor" in call.query else None


def _comments(
    tx: Transaction, post_id: str, after: tuple[str, str] | None, limit: int
) -> tuple[Sequence[CommentState], str | None]:
    found = store.comments_of(tx, post_id, after, limit + 1)
    return _cut(found, limit, lambda comment: encode_cursor(comment.createdAt, comment.id))


def _cut(
    found: Sequence[T], limit: int, cursor_of: Callable[[T], str]
) -> tuple[Sequence[T], str | None]:
    """A page of what was found, and the cursor to go on from when there is more."""
    page = found[:limit]
    return page, cursor_of(page[-1]) if len(found) > limit else None
