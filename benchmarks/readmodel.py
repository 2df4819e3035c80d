"""A read model of any size, written by the blog's own rules: changes with what it should hold."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from benchmarks import texts
from eventing.cursor import encode_cursor
from functions.events import CommentState, PostState, Status
from functions.query import projection, store

AT_ONCE = 10_000  # rows in one transaction
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
CROWDED = "post-0000000"
"""The post that has many comments: the first 60, and then each hundredth of all."""


def crowd(comments: int) -> int:
    """How many comments the crowded post has among so many, but for a few."""
    return 60 + comments // 100


class ReadModel:
    """The read model in a file; it grows and never shrinks."""

    def __init__(self, file: Path) -> None:
        self._database = store.open_database({"DATABASE_URL": f"sqlite:///{file}"})
        self.posts = self.comments = 0

    def grow(self, posts: int, comments: int) -> None:
        """To so many posts and comments; comments first: then each list entry is made once."""
        new = (_comment(number, posts) for number in range(self.comments, comments))
        while some := list(islice(new, AT_ONCE)):
            with self._database.transaction() as tx:
                for comment in some:
                    projection.comment_written(tx, comment)
        self._write_posts(iter(range(self.posts, posts)))
        self.posts, self.comments = posts, comments

    def _write_posts(self, numbers: Iterator[int]) -> None:
        while some := list(islice(numbers, AT_ONCE)):
            with self._database.transaction() as tx:
                for number in some:
                    projection.post_written(tx, _post(number))

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def deep(posts: int) -> list[str]:
    """Cursors near the end of the list, with a full page, 20 posts, after each of them."""
    first = max(20, posts // 10)
    return [encode_cursor(_time(number), _id(number)) for number in range(first, first + 10)]


def _post(number: int) -> PostState:
    at = _time(number)
    return PostState(id=_id(number), **texts.post(number), createdAt=at, updatedAt=at, version=1)


def _comment(number: int, posts: int) -> CommentState:
    """Those that are not the crowd's are spread evenly."""
    place = 0 if number < 60 or number % 100 == 0 else number % posts
    return CommentState(
        id=f"comment-{number:08}",
        postId=_id(place),
        **texts.comment(number),
        status=Status.APPROVED,
        createdAt=_time(number),
        version=2,
    )


def _id(number: int) -> str:
    return f"post-{number:07}"


def _time(number: int) -> str:
    at = FIRST + timedelta(seconds=number)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
