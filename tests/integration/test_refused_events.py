"""An event that the broker refuses: what the function tells of it, and how it is mended."""

from collections.abc import Iterator

import pytest
from flask import Request
from werkzeug.test import Client

from eventing.database import Database
from eventing.function import Function, Route
from eventing.history import History
from eventing.producer import Producer
from eventing.subscriber import Subscriber
from tests.integration.blog import Document, document
from tests.integration.sinks import Sink
from tests.unit.outboxes import append, waiting
from tests.waiting import until

SAID = "an event has at most 8 bytes"


class Writing:
    """A function that has emitted a1, a2 and b1, of which the broker takes none."""

    def __init__(self, database: Database, sink: Sink) -> None:
        self.database, self.sink = database, sink
        self.producer = Producer(database, {"K_SINK": sink.url})
        function = Function(
            [Route("GET", "/events", History(database).page), *self.producer.routes],
            Subscriber([], self.producer.sweep),
            checks={"outbox": self.producer.check},
            background=[self.producer.worker],
        )
        self.client = Client(lambda environ, start: function(Request(environ))(environ, start))
        append(database, "a1", "a2", "b1")
        until(lambda: len(self.refused()) == 2)

    def get(self, path: str) -> Document:
        answer = self.client.get(path)
        assert answer.status_code == 200
        return document(answer)

    def refused(self, query: str = "") -> list[str]:
        return [each["event"]["id"] for each in self.get(f"/outbox{query}")["refused"]]

    def post(self, path: str, **members: object) -> int:
        return self.client.post(path, json=members).status_code

    def sent(self) -> list[str]:
        return [headers["ce-id"] for _, headers, _ in self.sink.requests]


@pytest.fixture
def writing(database: Database) -> Iterator[Writing]:
    sink = Sink()
    sink.status, sink.said = 413, f'{{"detail":"{SAID}"}}'.encode()
    writing = Writing(database, sink)
    yield writing
    writing.producer.worker.ensure_stopped()
    sink.close()


def test_it_is_listed_with_what_the_broker_said(writing: Writing) -> None:
    first, second = writing.get("/outbox")["refused"]

    assert first["event"] == {
        "id": "a1",
        "type": "NoteWritten",
        "source": "/notes",
        "subject": "a1",
        "time": "2026-01-31T12:00:00.000000Z",
    }
    assert (first["status"], first["said"], first["behind"]) == (413, SAID, 1)
    assert (first["refusals"], first["discarded"]) == (1, None)
    assert second["behind"] == 0
    assert "data" in writing.get("/outbox/a1")["event"]


def test_pages_of_the_list_follow_each_other(writing: Writing) -> None:
    page = writing.get("/outbox?limit=1")
    assert [each["event"]["id"] for each in page["refused"]] == ["a1"]

    rest = writing.get(f"/outbox?limit=1&cursor={page['next']}")

    assert [each["event"]["id"] for each in rest["refused"]] == ["b1"]
    assert rest["next"] is None
    assert writing.client.get("/outbox?cursor=x").status_code == 400


def test_it_is_a_trouble_until_it_is_mended(writing: Writing) -> None:
    told = writing.get("/status")
    assert [(each["kind"], each["about"]) for each in told["troubles"]] == [
        ("event-refused", "a1"),
        ("event-refused", "b1"),
    ]
    assert (told["outbox"]["unpublished"], told["outbox"]["refused"]) == (3, 2)

    writing.sink.status = 202
    assert writing.post("/outbox/a1/retry") == 202
    until(lambda: waiting(writing.database) == 0)

    told = writing.get("/status")
    assert told["troubles"] == []
    assert told["outbox"] == {"unpublished": 0, "oldestWait": None, "refused": 0}


def test_tried_again_in_vain_it_is_counted(writing: Writing) -> None:
    assert writing.post("/outbox/a1/retry") == 202

    until(lambda: writing.get("/outbox/a1")["refusals"] == 2)
    assert "a2" not in writing.sent()


def test_given_up_it_lets_later_events_go_and_is_still_in_the_history(writing: Writing) -> None:
    writing.sink.said = b""
    assert writing.post("/outbox/a1/discard", reason=" too large ") == 200
    until(lambda: writing.sent()[-1] == "a2")

    [given_up] = writing.get("/outbox?discarded=true")["refused"]

    assert (given_up["event"]["id"], given_up["discarded"]) == ("a1", "too large")
    assert given_up["discardedAt"]
    history = writing.client.get("/events").get_json(force=True)
    assert [each["id"] for each in history] == ["a1", "a2", "b1"]
    assert "a1" not in writing.refused()
    assert writing.post("/outbox/a1/retry") == 404


@pytest.mark.parametrize("reason", [None, "", "  ", 1, "x" * 501])
def test_a_reason_is_needed_to_give_it_up(writing: Writing, reason: object) -> None:
    assert writing.post("/outbox/a1/discard", reason=reason) == 422
    assert "a1" in writing.refused()


def test_of_other_events_there_is_nothing_to_mend(writing: Writing) -> None:
    assert writing.post("/outbox/a2/retry") == 404
    assert writing.post("/outbox/none/discard", reason="x") == 404
    assert writing.client.get("/outbox/a2").status_code == 404
