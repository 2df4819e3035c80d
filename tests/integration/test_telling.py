"""Producers tell their readers that a history has grown: directly, until they have compared it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from flask import Request
from werkzeug.test import Client

from eventing.database import Database
from eventing.function import Function
from eventing.reading import Peer
from eventing.subscriber import Subscriber
from eventing.telling import Readers
from tests.databases import Databases
from tests.integration.blog import client, send
from tests.integration.copies import Copy, Story, served, told
from tests.waiting import until

PING = {
    "specversion": "1.0",
    "id": "ping-1",
    "source": "/apis/v1/namespaces/blog/pingsources/posts",
    "type": "dev.knative.sources.ping",
    "data": {},
}


@pytest.fixture
def story(databases: Databases) -> Iterator[Story]:
    with told(databases) as story:
        yield story


class Asleep:
    """A function with a copy that no clock wakes, as in a cluster; how often it was woken."""

    def __init__(self, copy: Copy, **pace: float) -> None:
        upkeep = copy.upkeep(interval=None, patience=5.0, **pace)
        self.upkeep = upkeep
        self.woken = 0
        function = Function([], Subscriber(upkeep.subscriptions()), background=[upkeep.worker])

        def answer(environ: Any, start: Any) -> Any:
            self.woken += 1
            return function(Request(environ))(environ, start)

        self.client = Client(answer)


@contextmanager
def awake(copy: Copy, **pace: float) -> Iterator[tuple[Asleep, Peer]]:
    """The function, and where it is; it ends with the block."""
    asleep = Asleep(copy, **pace)
    with served(asleep.client) as address:
        yield asleep, Peer("query", address)
    asleep.upkeep.worker.ensure_stopped()


def readers(story: Story, *peers: Peer) -> Readers:
    return Readers(story.posts, "/posts", peers)


def tell(readers: Readers) -> None:
    """What a ping leads to."""
    readers.sweep()
    readers.tell()


def unconfirmed(readers: Readers) -> bool:
    return readers.check().facts["query"] != {"unconfirmedSince": None}


def test_a_reader_that_is_told_takes_what_it_lacks_and_is_not_woken_again(story: Story) -> None:
    new = story.blog.write_post(title="Lost")["id"]
    with awake(story.query) as (asleep, peer):
        telling = readers(story, peer)

        for _ in range(3):
            tell(telling)

        assert story.blog.functions["query"].get(f"/posts/{new}").status_code == 200
        assert (asleep.woken, unconfirmed(telling)) == (1, False)
        story.change(title="Lost, too")
        tell(telling)
        assert asleep.woken == 2
        assert story.query.rows()["posts"][story.kept]["title"] == "Lost, too"


def test_it_compares_with_whoever_told_it_and_wakes_no_other(story: Story) -> None:
    """The comments' history cannot even be reached."""
    story.query.feeds[0] = Peer("comments", "http://127.0.0.1:9/")
    with awake(story.query) as (_, peer):
        telling = readers(story, peer)

        tell(telling)

        assert not unconfirmed(telling)


def test_a_history_without_events_wakes_nobody(databases: Databases) -> None:
    client("posts", databases).get("/events")
    with closing(Database(databases.url("posts"), [])) as posts:
        telling = Readers(posts, "/posts", [Peer("query", "http://127.0.0.1:9/")])

        tell(telling)

        assert telling.check().facts == {}


def test_a_reader_with_events_too_young_to_compare_is_told_again_later(story: Story) -> None:
    with awake(story.query, min_age=60) as (asleep, peer):
        telling = readers(story, peer)

        telling.sweep()
        for _ in range(5):
            telling.tell()

        assert (asleep.woken, unconfirmed(telling)) == (3, True)


def test_a_reader_that_is_away_is_told_with_every_ping(story: Story) -> None:
    away = readers(story, Peer("query", "http://127.0.0.1:9/"))
    for _ in range(2):
        tell(away)
        assert unconfirmed(away)

    with awake(story.query) as (_, peer):
        back = readers(story, peer)
        tell(back)

        assert not unconfirmed(back)


def test_a_history_that_is_another_one_is_told_although_it_has_not_grown(story: Story) -> None:
    with awake(story.query) as (asleep, peer):
        telling = readers(story, peer)
        tell(telling)
        with story.posts.transaction() as tx:
            tx.execute("UPDATE history SET identity = 'restored'")

        tell(telling)

        assert asleep.woken == 2


def test_a_reader_that_has_not_confirmed_for_two_pings_is_a_trouble(story: Story) -> None:
    away = readers(story, Peer("query", "http://127.0.0.1:9/"))
    tell(away)
    assert away.check().troubles == []

    with story.posts.transaction() as tx:
        tx.execute("UPDATE readers SET asked_at = '2026-01-31T12:00:00.000000Z'")

    [trouble] = away.check().troubles
    assert (trouble.kind, trouble.about) == ("copy-behind", "query")


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("name", ["posts", "comments"])
def test_a_ping_makes_a_producer_tell_its_readers(databases: Databases, name: str) -> None:
    told_of: list[str] = []

    def answer(environ: Any, start: Any) -> Any:
        told_of.append(Request(environ).headers["ce-source"])
        start("202 Accepted", [("Content-Length", "0")])
        return []

    with served(Client(answer)) as address:
        producer = client(name, databases, READERS=f"query={address}/")
        assert send(producer, PING).status_code == 202
        until(lambda: told_of)

    assert told_of == [f"/{name}"]
