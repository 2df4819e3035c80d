"""What takes time does not hold up the server's own thread, in which everybody is served."""

import time
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from werkzeug.wrappers import Request

from eventing.function import Function
from eventing.logs import fields_of
from eventing.patience import answer_at_once
from eventing.sqlite_connection import Connection
from eventing.subscriber import PING
from eventing.together import Group
from tests.integration.blog import BUILDERS, STRUCTURED, Document, event, post_data

REMOVAL = {"id": "p1", "version": 2}
PINGED = {"specversion": "1.0", "id": "ping-1", "source": "/ping", "type": PING}


def asked(path: str, method: str = "POST", document: Document | None = None) -> Request:
    return Request.from_values(
        path, method=method, json=document, content_type=STRUCTURED if document else None
    )


def ready(name: str, folder: Path) -> Function:
    """The function, which has been used before; of SQLite, as a server elsewhere has threads."""
    function = BUILDERS[name]({"DATABASE_URL": f"sqlite:///{folder / name}.db"})
    for kind, data in (("PostCreated", post_data()), ("PostDeleted", {"id": "p0", "version": 2})):
        assert function(asked("/", document=event(kind, data))).status_code == 202
    return function


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("posts", asked("/events", "GET")),
        ("posts", asked("/", document=PINGED)),
        ("query", asked("/", document=event("PostDeleted", REMOVAL))),
        ("comments", asked("/", document=event("PostDeleted", REMOVAL))),
        ("dead_letters", asked("/", document=event("PostDeleted", REMOVAL))),
        ("dead_letters", asked("/dead/redrive?trigger=t")),
        ("dead_letters", asked("/dead/1/redrive")),
    ],
)
def test_it_begins_anew_where_it_may_take_its_time(
    tmp_path: Path, name: str, request_: Request
) -> None:
    function = ready(name, tmp_path)
    assert answer_at_once(partial(function, request_)) is None
    assert function(request_).status_code in (200, 202, 404)


def test_what_is_quick_is_answered_at_once(tmp_path: Path) -> None:
    function = ready("query", tmp_path)
    for request in (asked("/posts", "GET"), asked("/", document=event("PostCreated", post_data()))):
        assert answer_at_once(partial(function, request)) is not None


def test_a_log_line_counts_the_commit_that_its_answer_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    function, commit = ready("posts", tmp_path), Connection.commit

    def commit_slowly(connection: Connection) -> None:
        time.sleep(0.1)
        commit(connection)

    monkeypatch.setattr(Connection, "commit", commit_slowly)
    caplog.set_level("INFO", "eventing.function")
    caplog.clear()
    request = Request.from_values("/posts", method="POST", json={"title": "One"})
    [answer] = Group().answer([partial(function, request)])

    assert answer is not None
    assert answer.status_code == 201
    [record] = caplog.records
    assert cast("float", fields_of(record)["duration"]) >= 100
