"""A comment that waits too long for its verdict is announced again, until it has one."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Request
from werkzeug.test import Client

from eventing import outbox, worker
from eventing.cause import Cause
from eventing.clock import now
from eventing.database import Database
from eventing.producer import Producer
from eventing.settings import Misconfigured
from functions.comments import rules, store
from functions.comments.main import wire
from functions.comments.verdicts import read_wait
from tests.databases import Databases
from tests.integration.blog import Blog, Delivery, Document, document, send
from tests.integration.copies import served
from tests.waiting import until

PING = {
    "specversion": "1.0",
    "id": "ping-1",
    "source": "/apis/v1/namespaces/blog/pingsources/comments",
    "type": "dev.knative.sources.ping",
    "data": {},
}


class Waiting:
    """A blog with one comment whose verdict got lost; `comments` has published all it had."""

    def __init__(self, databases: Databases, **env: str) -> None:
        self.blog = Blog(databases, **env)
        self.outbox = Database(databases.url("comments"), [])
        self.post = self.blog.write_post(title="A post")["id"]
        self.deliver("comments", "query")
        self.comment = self.blog.write_comment(self.post, content="Well said")["id"]
        self.deliver("moderation", "query")
        assert [one["type"] for one in self.published()] == ["CommentCreated"]

    def deliver(self, *subscribers: str) -> None:
        """Everything so far, to these alone."""
        for one in self.blog.events():
            self.blog.deliver(Delivery(one, subscriber) for subscriber in subscribers)

    def published(self) -> list[Document]:
        """What the relay of `comments` publishes now."""
        with self.outbox.transaction() as tx:
            leased = outbox.lease(tx, 1, 100)
            outbox.mark_published(tx, [one.position for one in leased])
        return [
            one
            for one in self.blog.events()
            if (one["source"], one["id"]) in {(each.event.source, each.event.id) for each in leased}
        ]

    def sweep(self) -> list[Document]:
        """A ping, and what is published then."""
        assert send(self.blog.functions["comments"], PING).status_code == 202
        return self.published()

    def status(self) -> str:
        self.deliver("query")
        found = document(self.blog.functions["query"].get(f"/posts/{self.post}"))
        return str(found["comments"][0]["status"])


def test_a_lost_verdict_is_asked_for_again_and_heals(databases: Databases) -> None:
    waiting = Waiting(databases, VERDICT_WITHIN="0")
    [verdict] = [one for one in waiting.blog.events() if one["type"] == "CommentModerated"]

    [again] = waiting.sweep()

    assert again in waiting.blog.events()
    assert (again["type"], again["subject"]) == ("CommentCreated", waiting.comment)
    reply = send(waiting.blog.functions["moderation"], again)
    assert (reply.status_code, reply.headers["ce-id"]) == (200, verdict["id"])
    assert send(waiting.blog.functions["comments"], verdict).status_code == 202
    assert waiting.status() == "approved"


def test_it_is_asked_for_again_with_every_sweep(databases: Databases) -> None:
    waiting = Waiting(databases, VERDICT_WITHIN="0")
    assert waiting.sweep() == waiting.sweep() != []


def test_a_verdict_that_is_there_is_not_asked_for_again(databases: Databases) -> None:
    waiting = Waiting(databases, VERDICT_WITHIN="0")
    waiting.blog.settle()
    waiting.published()

    assert waiting.sweep() == []


def test_a_verdict_has_a_minute(databases: Databases) -> None:
    assert Waiting(databases).sweep() == []
    assert read_wait({}).total_seconds() == 60


def test_nothing_is_asked_for_a_deleted_post(databases: Databases) -> None:
    waiting = Waiting(databases, VERDICT_WITHIN="0")
    waiting.blog.delete(waiting.post)
    waiting.blog.deliver(
        Delivery(one, "comments") for one in waiting.blog.events() if one["type"] == "PostDeleted"
    )

    assert waiting.sweep() == []


def test_a_comment_is_announced_as_it_is_now(databases: Databases) -> None:
    """As when it was edited: the event of its newest version is the one to judge."""
    waiting = Waiting(databases, VERDICT_WITHIN="0")
    with waiting.outbox.transaction() as tx:
        comment = store.find_for_update(tx, waiting.comment)
        assert comment is not None
        edited = replace(comment, version=2)
        store.save(tx, edited)
        store.emit(tx, rules.announce(edited, now(), Cause("c")))
    waiting.published()

    [again] = waiting.sweep()

    assert again["id"] == f"{waiting.comment}.2"


def test_a_clock_that_was_set_back_lets_no_comment_wait(databases: Databases) -> None:
    waiting = Waiting(databases)
    with waiting.outbox.transaction() as tx:
        tx.execute("UPDATE comments SET created_at = '2999-01-31T12:00:00.000000Z'")

    assert len(waiting.sweep()) == 1


def test_where_nothing_sleeps_it_is_asked_for_again_without_a_ping(databases: Databases) -> None:
    waiting, published = Waiting(databases), list[str]()

    def take(environ: Any, start: Any) -> Any:
        published.append(environ["HTTP_CE_ID"])
        start("202 Accepted", [("Content-Length", "0")])
        return []

    with served(Client(take)) as sink:
        env = {"K_SINK": sink, "VERDICT_WITHIN": "0", "DATABASE_URL": databases.url("comments")}
        producer = Producer(waiting.outbox, env)
        function = wire(waiting.outbox, producer, env, look_every=0.02)
        Client(lambda environ, start: function(Request(environ))(environ, start)).get("/healthz")
        until(lambda: published.count(f"{waiting.comment}.1") > 1)
        worker.end()


@pytest.mark.parametrize("value", ["soon", "1.5", "9" * 5000])
def test_a_wait_that_is_no_number_of_seconds_ends_the_start(value: str) -> None:
    with pytest.raises(Misconfigured, match="VERDICT_WITHIN must be a number of seconds"):
        read_wait({"VERDICT_WITHIN": value})
