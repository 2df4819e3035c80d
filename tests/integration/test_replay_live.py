"""Replay beside a copy that serves: events arrive and reads go on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from tests.databases import Databases
from tests.integration.blog import deliveries, document, event, send
from tests.integration.copies import Story, told


@pytest.fixture
def story(databases: Databases) -> Iterator[Story]:
    with told(databases) as story:
        yield story


def test_events_that_arrive_meanwhile_are_in_both_and_reads_go_on(story: Story) -> None:
    """In three pauses: before the feeds, after that of the comments, after that of the posts."""
    query = story.blog.functions["query"]
    seen: list[str] = []

    def meanwhile(_: float) -> None:
        if len(seen) < 3:
            story.change(title=f"Kept {len(seen)}")
            story.blog.write_comment(story.kept, content=f"Comment {len(seen)}")
            story.blog.settle()
            seen.append(document(query.get(f"/posts/{story.kept}"))["title"])

    story.query.rebuild(meanwhile)

    assert seen == ["Kept 0", "Kept 1", "Kept 2"]
    assert document(query.get(f"/posts/{story.kept}"))["commentCount"] == 2 + 3
    assert story.query.check() == []


def test_an_event_that_no_feed_shows_yet_is_not_lost(story: Story) -> None:
    """As when an older transaction is open at its producer."""
    query, pauses = story.blog.functions["query"], count()
    later = {**story.change(title="Later"), "version": 77}

    def meanwhile(_: float) -> None:
        if next(pauses) == 1:
            assert send(query, event("PostUpdated", later)).status_code == 202

    story.query.rebuild(meanwhile)

    assert document(query.get(f"/posts/{story.kept}"))["version"] == 77


def test_a_deletion_meanwhile_reaches_what_is_rebuilt(story: Story, databases: Databases) -> None:
    pauses = count()

    def meanwhile(_: float) -> None:
        if next(pauses) == 1:  # the feed of the comments has been read, that of the posts not yet
            story.blog.delete(story.kept)
            removals = [one for one in story.blog.events() if one["type"] == "PostDeleted"]
            story.blog.deliver(deliveries(removals))

    story.query.rebuild(meanwhile)

    assert story.blog.functions["query"].get(f"/posts/{story.kept}").status_code == 404
    assert "First" not in databases.dump("query")
    assert story.query.check() == []


@contextmanager
def beside(*acts: Callable[[int], str | None]) -> Iterator[list[str]]:
    """Each act again and again, in a thread of its own; what they complained of."""
    done, faults = threading.Event(), list[str]()

    def run(act: Callable[[int], str | None]) -> None:
        for number in count():
            if done.is_set() or faults:
                return
            if fault := act(number):
                faults.append(fault)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    try:
        yield faults
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_reads_never_go_back_while_events_arrive_and_tables_are_replaced(story: Story) -> None:
    query, newest = story.blog.functions["query"], [0]

    def read(_: int) -> str | None:
        known = newest[0]
        answer = query.get(f"/posts/{story.kept}")
        if answer.status_code == 200 and document(answer)["version"] >= known:
            return None
        return f"{answer.status_code} after version {known}: {answer.text}"

    def write(number: int) -> str | None:
        post = story.change(title=f"Kept {number}")
        answer = send(query, event("PostUpdated", post))
        newest[0] = post["version"]
        return None if answer.status_code == 202 else answer.text

    with beside(read, read, write) as faults:
        for _ in range(5):
            story.query.rebuild()

    assert faults == []
    assert newest[0] > 5
    assert story.query.check() == []
