"""`comments` with a single pooled connection, under a broker that answers after the whole chain."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from flask import Request
from werkzeug.test import Client

from eventing.cloudevent import CloudEvent, read_event, write_binary
from eventing.database import Database
from eventing.producer import Producer
from functions.comments import store
from functions.comments.main import wire
from tests.conformance.probe import Answer, Received, Server
from tests.databases import Databases, of_every_kind
from tests.integration.blog import (
    SUBSCRIBERS,
    client,
    created,
    document,
    event,
    pages,
    post_data,
    send,
)
from tests.unit.outboxes import waiting
from tests.waiting import until

new_databases = of_every_kind

COMMENTS = 24


class Narrow(Producer):
    """A producer that a test can end."""

    def end(self) -> None:
        self._stop()


class Synchronous:
    """Delivers within the publisher's POST, replies and what they lead to as well.

    Knative's default broker does so: the POST of `CommentCreated` ends when `comments` has taken
    the verdict on it.
    """

    def __init__(self) -> None:
        self.functions: Mapping[str, Client] = {}
        self.refused: list[str] = []

    def respond(self, _path: str, received: Received) -> Answer:
        self._deliver(received.event)
        return Answer(500 if self.refused else 202)

    def _deliver(self, event: CloudEvent) -> None:
        headers, body = write_binary(event)
        for name in SUBSCRIBERS[event.type]:
            answer = self.functions[name].post("/", data=body, headers=headers)
            if answer.status_code == 200:
                self._deliver(read_event(dict(answer.headers), answer.data))
            elif answer.status_code != 202:
                self.refused.append(f"{event.type} at {name}: {answer.text}")


@contextmanager
def listening(broker: Synchronous) -> Iterator[str]:
    """The broker over HTTP; its URL."""
    with Server(("127.0.0.1", 0), broker.respond) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def broker(databases: Databases) -> Synchronous:
    broker = Synchronous()
    broker.functions = {name: client(name, databases) for name in ("moderation", "query")}
    return broker


@pytest.fixture
def narrow(databases: Databases) -> Iterator[Database]:
    database = store.open_database({"DATABASE_URL": databases.url("comments")}, pool_size=1)
    yield database
    database.close()


@pytest.fixture
def comments(narrow: Database, broker: Synchronous) -> Iterator[Client]:
    """`comments`, which publishes to the broker as it does when it serves."""
    with listening(broker) as url:
        env = {"K_SINK": url}
        producer = Narrow(narrow, env)
        function = wire(narrow, producer, env)
        comments = Client(lambda environ, start: function(Request(environ))(environ, start))
        broker.functions = {**broker.functions, "comments": comments}
        yield comments
        producer.end()


def test_whole_chains_run_through_a_single_connection(
    comments: Client, broker: Synchronous, narrow: Database
) -> None:
    query = broker.functions["query"]
    for function in (comments, query):
        assert send(function, event("PostCreated", post_data())).status_code == 202

    def write(number: int) -> str:
        words = {"content": "An orange" if number % 2 else "Well said"}
        return str(created(comments.post("/posts/p1/comments", json=words))["id"])

    with ThreadPoolExecutor(8) as readers:
        written = list(readers.map(write, range(COMMENTS)))
    until(lambda: waiting(narrow) == 0)

    assert broker.refused == []
    seen = {one["id"]: one["status"] for one in pages(query, "/posts/p1/comments", "comments")}
    assert [seen[name] for name in written] == ["approved", "rejected"] * (COMMENTS // 2)
    assert document(query.get("/posts/p1"))["commentCount"] == COMMENTS // 2
    with narrow.snapshot() as tx:
        assert {row["attempts"] for row in tx.rows("SELECT attempts FROM outbox")} == {1}
