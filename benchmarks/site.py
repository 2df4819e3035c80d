"""What the two blogs have in common, so that one client measures both: changes with that."""

from typing import Protocol

from benchmarks.line import Line
from benchmarks.wrk import Shots


class Site(Protocol):
    """A running blog, ours or the classic one."""

    posts_port: int
    """Where posts are written at the function itself; so with comments and reads."""
    comments_port: int
    query_port: int

    @property
    def first_page(self) -> Shots:
        """Reading what a visitor sees first, at the function."""

    def comment_id(self, answer: object, content: str) -> str:
        """Which comment was made, from the answer to its POST."""

    def is_approved(self, query: Line, post: str, comment: str) -> bool:
        """Ask `query` once whether a reader can see the comment."""

    def has(self, query: Line, posts: int) -> bool:
        """Ask `query` whether it knows of so many posts."""

    def settle(self) -> None:
        """Return once every event has arrived everywhere."""
