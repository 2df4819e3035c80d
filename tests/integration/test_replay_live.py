"""Replay beside a copy that serves: events arrive and reads go on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count

import pytest

from eventing.cloudevent import CloudEvent
from eventing.database import Database, Transaction
from eventing.projection import Rule
from functions.events import POST_UPDATED, PostState
from functions.query.projection import READ_MODEL, post_written
from tests.databases import Databases, served_by
from tests.integration.blog import deliveries, document, event, send
from tests.integration.copies import Story, told
from tests.postgres import Postgres
from tests.waiting import until


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


def test_an_event_meets_a_rebuild_that_takes_its_place_before_it_is_applied(
    postgres: Postgres,
) -> None:
    """On SQLite nothing takes a place while a transaction writes."""
    with served_by(postgres)() as databases, told(databases) as story:
        replay = story.query.replay()
        rebuild = replay.fill()

        def late(tx: Transaction, post: PostState) -> bool:
            if story.query.begun():
                replay.end(rebuild, take_place=True)
            return post_written(tx, post)

        projection = replace(READ_MODEL, rules=[Rule(POST_UPDATED, late, lambda _, posts: posts)])
        [subscription] = projection.follow(story.query.database)
        data = story.change(title="Late")
        subscription.apply(CloudEvent(id="1", source="/posts", type="x"), PostState(**data))

        assert story.query.rows()["posts"][story.kept]["title"] == "Late"
        assert story.query.check() == []


def test_no_rebuild_takes_the_place_of_a_table_that_an_open_transaction_has_touched(
    postgres: Postgres,
) -> None:
    with served_by(postgres)() as databases, told(databases) as story:
        replay = story.query.replay()
        rebuild = replay.fill()
        ending = threading.Thread(target=replay.end, args=(rebuild,), kwargs={"take_place": True})
        data = PostState(**story.change(title="Early"))
        with story.query.database.transaction() as tx:
            post_written(tx, data)
            ending.start()
            until(lambda: waits_for_a_lock(story.query.database))
            post_written(rebuild.beside(tx), data)
        ending.join()

        assert story.query.rows()["posts"][story.kept]["title"] == "Early"
        assert story.query.check() == []


def waits_for_a_lock(database: Database) -> bool:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = user"
    with database.snapshot() as tx:
        return tx.row(waiting) is not None
