"""Runs of replay that are interrupted, meet one another, or cannot be."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count

import pytest
from click.testing import CliRunner

from eventing import positions
from eventing.cause import Cause
from eventing.clock import now
from eventing.database import Database, Transaction
from eventing.reading import FeedUnreadable, Peer
from eventing.rebuild import RebuildEnded
from eventing.replaying import program
from functions.events import POST_CREATED, PostState
from functions.posts import store as posts
from functions.posts.rules import Draft, announce, create
from functions.query.projection import READ_MODEL, post_written
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


def run(story: Story, *options: str) -> tuple[int, str]:
    """Exit status and what is said of the program `replay` of `query`."""
    copy = story.query
    command = program("query", copy.projection, lambda _: copy.database, settle=0.0)
    feeds = [part for feed in copy.feeds for part in ("--from", f"{feed.name}={feed.address}")]
    result = CliRunner().invoke(command, [*feeds, *options])
    return result.exit_code, result.stderr


def test_an_event_that_fits_no_class_is_one_line_and_the_rest_is_replayed(story: Story) -> None:
    """Nor can the time of another one be compared with any other."""
    with story.posts.transaction() as tx:
        [row] = tx.rows("SELECT position, attributes FROM outbox ORDER BY position DESC LIMIT 1")
        attributes = json.dumps({**json.loads(row["attributes"]), "time": "2026-01-31T12:00:00"})
        update = "UPDATE outbox SET attributes = ? WHERE position = ?"
        tx.execute(update, attributes, row["position"])
    story.spoil(title=7)

    status, said = run(story, "--repair")

    [line] = [line for line in said.splitlines() if "was skipped" in line]
    assert status == 1
    assert line.startswith(f"query: event {story.kept}.")
    assert "its data is not a PostState" in line
    assert "Traceback" not in said
    assert len(story.query.rows()["posts"]) == MANY + 2


def test_an_event_that_cannot_be_applied_is_one_line_and_the_rest_is_replayed(
    story: Story,
) -> None:
    def refuse(tx: Transaction, post: PostState) -> bool:
        if post.id == "p7":
            raise ValueError(post.id)
        return post_written(tx, post)

    rules = [
        replace(rule, apply=refuse) if rule.kind is POST_CREATED else rule
        for rule in READ_MODEL.rules
    ]
    story.query.projection = replace(READ_MODEL, rules=rules)

    status, said = run(story)

    assert (status, said.count("was skipped")) == (1, 1)
    assert len(story.query.rows()["posts"]) == MANY + 1
    assert "p7" not in story.query.rows()["posts"]


def test_what_a_replay_repairs_is_told(story: Story) -> None:
    assert run(story, "--check")[0] == 1
    assert story.query.upkeep().check().troubles == []

    assert run(story, "--repair")[0] == 0

    [trouble] = story.query.upkeep().check().troubles
    assert trouble.kind == "copy-repaired"
    with story.query.database.snapshot() as tx:
        assert {row["doubted"] for row in positions.facts(tx).values()} == {0}
