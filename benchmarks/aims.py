"""What is aimed at: each figure by its key, in the order of the table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A measure, and its bound if it has one."""

    key: str
    title: str
    bound: float | None = None
    least: bool = True
    """Whether the bound is the least that is aimed at; else it is the most."""
    ratio: bool = True
    """Whether it bounds the ratio to what the figure is set beside."""


def _at_least(key: str, title: str, bound: float | None = None) -> Aim:
    return Aim(key=key, title=title, bound=bound)


def _at_most(key: str, title: str, bound: float | None = None) -> Aim:
    return Aim(key=key, title=title, bound=bound, least=False)


def _value(key: str, title: str, bound: float | None = None, *, least: bool = False) -> Aim:
    return Aim(key=key, title=title, bound=bound, least=least, ratio=False)


FUNCTIONS = ("posts", "comments", "moderation", "query", "dead-letters")

AIMS = (
    _at_least("reads-few-ingress", "reads of the first page, 20 posts, through nginx", 3),
    _at_least("reads-few-uncached", "… with the read cache off"),
    _at_least("reads-few-function", "… at the function", 0.8),
    _at_least("reads-many-ingress", "reads of the first page, 2,000 posts, through nginx", 60),
    _at_least("reads-many-uncached", "… with the read cache off"),
    _at_least("reads-many-function", "… at the function", 20),
    _at_most("large-first", "p99 of the first page, 100,000 posts (quick: 2,000) beside 20", 1.5),
    _at_most("large-deep", "… of a page deep in the list", 1.5),
    _at_most("large-post", "… of a post, 10,000 comments (quick: 260) beside 60", 1.5),
    _at_least("posts-function", "posts accepted, each on disk before its 201", 2),
    _at_least("posts-ingress", "… through nginx"),
    _at_least("posts-settled", "… counted until all their events have arrived"),
    _at_most("comment-idle-p50", "a comment until it is seen as approved, idle, p50", 2),
    _at_most("comment-idle-p99", "… idle, p99", 5),
    _at_most("comment-busy-p50", "… at 50 comments a second, p50", 2),
    _at_most("comment-busy-p99", "… at 50 comments a second, p99", 5),
    _value("broker", "events kept and delivered to three Triggers", 500, least=True),
    _value("broker-grown", "… while 1,000,000 events wait in the log", 500, least=True),
    _at_least("broker-flat", "… the latter beside the former"),
    *(_at_most(f"start-{name}", f"start to first answer, beside hello: {name}", 1.25)
      for name in FUNCTIONS),
    *(_value(f"memory-{name}", f"memory after 10,000 requests: {name}", 70)
      for name in FUNCTIONS),
    _value("memory-blog", "memory of the whole local blog", 450),
    _value("memory-growth", "its growth over ten minutes of load"),
    _value("run", "`make run` to the first page", 4),
)  # fmt: skip
