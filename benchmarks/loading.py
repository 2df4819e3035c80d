"""Fills either blog through its own API: changes with how that is done at speed."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import TypeVar

from benchmarks import texts
from benchmarks.line import Answer, Line
from benchmarks.process import NotMeasurable, until
from benchmarks.site import Site

T = TypeVar("T")

AT_ONCE = 8


def add_posts(site: Site, numbers: range) -> list[str]:
    """Write these posts; their ids, once a reader finds them all."""
    line = _lines(site.posts_port)
    ids = _all(lambda number: write_post(line(), number), numbers)
    query = Line(site.query_port)
    until(lambda: site.has(query, numbers.stop), f"{numbers.stop} posts at query", 300)
    return ids


def add_comments(site: Site, posts: Sequence[str], each: int) -> None:
    """Write so many comments on each of the posts, and wait until all is quiet."""
    line = _lines(site.comments_port)
    _all(
        lambda number: write_comment(line(), posts[number % len(posts)], number),
        range(each * len(posts)),
    )
    site.settle()


def write_post(line: Line, number: int) -> str:
    """Write one post; its id."""
    answer = line.ask("POST", "/posts", texts.post(number))
    return str(_made(answer).document["id"])


def write_comment(line: Line, post: str, number: int) -> Answer:
    """Write one comment, on a post of which `comments` may have to hear first."""
    made: list[Answer] = []

    def written() -> bool:
        made[:] = [line.ask("POST", f"/posts/{post}/comments", texts.comment(number))]
        return made[0].status != 404

    until(written, f"post {post} to be known to comments")
    return _made(made[0])


def _made(answer: Answer) -> Answer:
    if answer.status != 201:
        raise NotMeasurable(f"a write was answered {answer.status}: {answer.document}")
    return answer


def _lines(port: int) -> Callable[[], Line]:
    """A connection for each thread."""
    own = local()

    def line() -> Line:
        if not hasattr(own, "line"):
            own.line = Line(port)
        found: Line = own.line
        return found

    return line


def _all(work: Callable[[int], T], numbers: range) -> list[T]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, numbers))
