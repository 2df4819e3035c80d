"""How long a comment takes to be seen as approved: changes with how that is observed."""

import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks import texts
from benchmarks.line import Line
from benchmarks.loading import write_comment
from benchmarks.site import Site

BETWEEN_LOOKS = 0.001  # seconds
LOST_AFTER = 10.0
WATCHERS = 16


class Observer:
    """Writes comments on a post and looks until each can be read; one at a time."""

    def __init__(self, site: Site, post: str) -> None:
        self._site = site
        self._post = post
        self._comments, self._query = Line(site.comments_port), Line(site.query_port)

    def observe(self, number: int, began: float) -> float | None:
        """Milliseconds from `began` until after the answer that shows the comment; None if lost."""
        answer = write_comment(self._comments, self._post, number)
        comment = self._site.comment_id(answer.document, texts.comment(number)["content"])
        while not self._site.is_approved(self._query, self._post, comment):
            if time.perf_counter() - began > LOST_AFTER:
                return None
            time.sleep(BETWEEN_LOOKS)
        return (time.perf_counter() - began) * 1000


def idle(site: Site, post: str, numbers: range) -> list[float | None]:
    """One after another."""
    observer = Observer(site, post)
    return [observer.observe(number, time.perf_counter()) for number in numbers]


def busy(site: Site, post: str, numbers: range, *, per_second: float) -> list[float | None]:
    """At a steady rate: a comment that had to wait for its turn has waited since it was due."""
    observers = [Observer(site, post) for _ in range(WATCHERS)]
    began = time.perf_counter() + 0.1

    def follow(watcher: int) -> list[float | None]:
        taken = []
        for place in range(watcher, len(numbers), WATCHERS):
            due = began + place / per_second
            time.sleep(max(0.0, due - time.perf_counter()))
            taken.append(observers[watcher].observe(numbers[place], due))
        return taken

    with ThreadPoolExecutor(WATCHERS) as pool:
        return [one for each in pool.map(follow, range(WATCHERS)) for one in each]
