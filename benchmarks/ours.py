"""This blog, as `make run` starts it, on fresh data: changes with how it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from benchmarks.line import Line
from benchmarks.process import NotMeasurable, until
from benchmarks.wrk import Shots
from tests.e2e.running import BROKER, COMMENTS, POSTS, QUERY, RunningBlog


class Ours:
    """The running blog and its ports."""

    def __init__(self, running: RunningBlog) -> None:
        self.running = running
        self.ingress_port = running.port
        self.posts_port = running.port + POSTS
        self.comments_port = running.port + COMMENTS
        self.query_port = running.port + QUERY
        self._events = [Line(self.posts_port), Line(self.comments_port)]
        self._broker = Line(running.port + BROKER)

    @property
    def first_page(self) -> Shots:
        """At the function."""
        return Shots(url=f"http://127.0.0.1:{self.query_port}/posts")

    @property
    def through_nginx(self) -> Shots:
        """As a visitor's browser asks for it."""
        return Shots(url=f"http://127.0.0.1:{self.ingress_port}/api/posts")

    @property
    def uncached(self) -> Shots:
        """Through nginx, which asks the function whenever there is an Authorization."""
        return Shots(url=self.through_nginx.url, headers=("Authorization: Bearer none",))

    def comment_id(self, answer: object, content: str) -> str:  # noqa: ARG002
        """The answer is the comment."""
        return str(cast("dict[str, Any]", answer)["id"])

    def is_approved(self, query: Line, post: str, comment: str) -> bool:
        """The comment by its id."""
        answer = query.ask("GET", f"/posts/{post}/comments/{comment}")
        return answer.status == 200 and answer.document["status"] == "approved"

    def has(self, query: Line, posts: int) -> bool:
        """Page by page, as the list gives no number."""
        path, seen = "/posts?limit=100", 0
        while True:
            page = query.ask("GET", path).document
            seen += len(page["posts"])
            if seen >= posts or page["next"] is None:
                return seen >= posts
            path = f"/posts?limit=100&cursor={page['next']}"

    def settle(self) -> None:
        """Nothing in an outbox, and nothing on its way to a Trigger."""
        until(lambda: not (self._unpublished() or self._undelivered()), "events", 300)

    def _unpublished(self) -> int:
        asked = [line.ask("HEAD", "/events?limit=1") for line in self._events]
        return sum(int(answer.headers["outbox-unpublished"]) for answer in asked)

    def _undelivered(self) -> int:
        triggers = self._broker.ask("GET", "/status").document["triggers"].values()
        return sum(each["waiting"] + each["retrying"] + each["dead"] for each in triggers)


@contextmanager
def our_blog(folder: Path) -> Iterator[Ours]:
    """The blog, started and at the end stopped, with its data and its log in that folder."""
    running = RunningBlog(folder / "data").start()
    try:
        until(lambda: "The blog is running" in running.said() or running.ended(), "the blog")
        if running.ended():
            raise NotMeasurable(f"the blog did not start: {running.said().strip()}")
        yield Ours(running)
    finally:
        running.stop()
