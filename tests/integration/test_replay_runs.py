"""Runs of replay that are interrupted, meet one another, or cannot be."""

from collections.abc import Iterator
from contextlib import closing
from itertools import count

import pytest

from eventing.cause import Cause
from eventing.clock import now
from eventing.database import Database
from eventing.reading import FeedUnreadable, Peer
from eventing.rebuild import RebuildEnded
from functions.posts import store as posts
from functions.posts.rules import Draft, announce, create
from tests.databases import Databases, of_every_kind
from tests.integration.copies import Story, progress, served, told

new_databases = of_every_kind

MANY = 700  # posts: more than a page


@pytest.fixture
def story(databases: Databases) -> Iterator[Story]:
    """With posts of which `query` has not heard."""
    with told(databases) as story:
        write_many(databases)
        yield story


def write_many(databases: Databases) -> None:
    with closing(Database(databases.url("posts"), [])) as database, database.transaction() as tx:
        for number in range(MANY):
            post = create(Draft("One of many", ""), post_id=f"p{number}", now=now())
            posts.emit(tx, announce(post, Cause("c")))


class Interrupted(Exception):
    """What ends a replay in the middle."""


def test_an_interrupted_replay_goes_on_where_it_stopped(story: Story) -> None:
    pauses, first, second = count(), progress(), progress()

    def interrupt(_: float) -> None:
        if next(pauses) == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        story.query.replay(interrupt, progress=first).fill()
    begun = story.query.begun()
    replay = story.query.replay(progress=second)
    rebuild = replay.fill()
    replay.end(rebuild, take_place=True)

    assert rebuild == begun
    assert second.events < MANY
    assert first.events + second.events == story.length()
    assert len(story.query.rows()["posts"]) == MANY + 2
    assert story.query.check() == []


def test_two_replays_at_once_share_the_work(story: Story) -> None:
    pauses, first, second = count(), progress(), progress()

    def another(_: float) -> None:
        if next(pauses) == 2:
            story.query.replay(progress=second).fill()

    replay = story.query.replay(another, progress=first)
    replay.end(replay.fill(), take_place=True)

    assert second.events < MANY
    assert first.events + second.events == story.length()
    assert len(story.query.rows()["posts"]) == MANY + 2
    assert story.query.check() == []


def test_a_replay_that_another_one_has_ended_says_so(story: Story) -> None:
    pauses = count()

    def another(_: float) -> None:
        if next(pauses) == 2:
            story.query.rebuild()

    with pytest.raises(RebuildEnded, match="start it again"):
        story.query.replay(another).fill()
    assert story.query.check() == []


def test_what_an_interrupted_replay_did_not_remove_the_next_one_does(story: Story) -> None:
    rebuild = story.query.replay().fill()
    with story.query.database.transaction() as tx:
        rebuild.end(tx, take_place=True)
    assert story.query.has(rebuild.name("posts"))

    story.query.replay().fill()

    assert not story.query.has(rebuild.name("posts"))


def test_an_address_without_a_feed_is_named(story: Story) -> None:
    with (
        served(story.blog.functions["query"]) as address,
        pytest.raises(FeedUnreadable, match=f"^{address}/events.* answered 404$"),
    ):
        story.query.replay(feeds=[Peer("query", address)]).fill()
