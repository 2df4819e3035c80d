"""The adapter between functions-framework and a function's own code: routes, answers, log lines."""

import io
import json
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from werkzeug.test import Client

from eventing.call import REQUEST_LIMIT
from tests.unit.adapted import client

EVENT = {
    "ce-specversion": "1.0",
    "ce-id": "e1",
    "ce-source": "/notes",
    "ce-type": "NoteWritten",
    "content-type": "application/json",
}


@pytest.fixture
def function(tmp_path: Path) -> Client:
    return client(tmp_path)


def lines(caplog: pytest.LogCaptureFixture) -> list[Mapping[str, object]]:
    """The fields of the adapter's log lines."""
    records = [record for record in caplog.records if record.name == "eventing.function"]
    return [getattr(record, "fields", {}) for record in records]


def test_a_route_answers_with_its_parameters(function: Client) -> None:
    answer = function.get("/notes/n%C3%A9")

    assert answer.status_code == 200
    assert answer.json == {"id": "né"}
    assert answer.content_type == "application/json"
    assert answer.headers["ETag"] == 'W/"1"'


def test_a_command_is_answered_with_status_and_headers(function: Client) -> None:
    answer = function.post("/notes", json={"text": "é\U0001f600"})

    assert (answer.status_code, answer.headers["Location"]) == (201, "/notes/1")
    assert answer.data == '{"text":"é\U0001f600"}'.encode()


def test_an_answer_without_a_body_has_none(function: Client) -> None:
    answer = function.delete("/notes/1")

    assert (answer.status_code, answer.data) == (204, b"")


def test_head_answers_as_get_without_its_body(function: Client) -> None:
    get, head = function.get("/notes/1"), function.head("/notes/1")

    assert head.data == b""
    assert head.status_code == get.status_code
    assert head.headers["Content-Length"] == str(len(get.data))
    assert head.headers["ETag"] == get.headers["ETag"]


def test_health_is_answered_without_asking_anyone(function: Client) -> None:
    assert function.get("/healthz").json == {"status": "ok"}


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/notes/", "/healthz/", "/notes/1/2", "/notes//", "/notes//1", "/notes/%00", "/."],
)
def test_there_is_nothing_at(function: Client, path: str) -> None:
    answer = function.get(path)

    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


ALLOWED = {
    ("GET", "/"): "POST",
    ("POST", "/healthz"): "GET, HEAD",
    ("PUT", "/notes"): "GET, HEAD, POST",
    ("PATCH", "/notes/1"): "DELETE, GET, HEAD",
    ("OPTIONS", "/notes"): "GET, HEAD, POST",
    ("PROPFIND", "/notes"): "GET, HEAD, POST",
}


@pytest.mark.parametrize(("request_line", "allowed"), ALLOWED.items())
def test_another_method_is_told_which_are_allowed(
    function: Client, request_line: tuple[str, str], allowed: str
) -> None:
    method, path = request_line

    answer = function.open(path, method=method)

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert answer.content_type == "application/problem+json"


def test_a_refusal_is_a_problem_answer(function: Client) -> None:
    answer = function.delete("/notes/none")

    assert answer.json == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such note.",
    }


DOCUMENTS = {
    "no content type": (b"{}", None, 415),
    "a form": (b"a=1", "application/x-www-form-urlencoded", 415),
    "half a document": (b"{", "application/json", 400),
    "bytes that are not UTF-8": (b'"\xff"', "application/json", 400),
    "a list": (b"[]", "application/json", 422),
    "null": (b"null", "application/json", 422),
    "nothing": (b"", "application/json", 400),
    "a deep one": (b"[" * 100_000, "application/json", 400),
    "more than 256 KiB": (b'"' + b"a" * REQUEST_LIMIT + b'"', "application/json", 413),
}


@pytest.mark.parametrize(("body", "content_type", "status"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_is_refused_that_is(
    function: Client, body: bytes, content_type: str | None, status: int
) -> None:
    answer = function.post("/notes", data=body, content_type=content_type)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_a_document_may_say_its_charset(function: Client) -> None:
    answer = function.post("/notes", data=b"{}", content_type="Application/JSON; charset=utf-8")

    assert answer.status_code == 201


class Endless(io.RawIOBase):
    """A body in chunks that never ends; it counts what is read of it."""

    def __init__(self) -> None:
        self.read_so_far = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self.read_so_far += len(buffer)
        buffer[:] = b"a" * len(buffer)
        return len(buffer)


def test_a_body_without_a_length_is_read_up_to_the_limit_and_no_further(function: Client) -> None:
    body = Endless()

    answer = function.post(
        "/notes",
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input": body, "wsgi.input_terminated": True},
    )

    assert answer.status_code == 413
    assert body.read_so_far < 2 * REQUEST_LIMIT


def test_a_failure_says_nothing_of_its_reason_and_logs_it(
    function: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = function.get("/notes", headers={"X-Correlation-Id": "c-1"})

    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert b"secret" not in answer.data
    [failure] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert failure.exc_info
    assert getattr(failure, "fields", {})["correlationid"] == "c-1"


KEPT = ["a", "A.b_c-9", "x" * 128]
REPLACED = ["", "a b", "é", "a/b", "x" * 129, "a\tb"]


@pytest.mark.parametrize("header", ["X-Correlation-Id", "X-Request-Id"])
@pytest.mark.parametrize("given", KEPT)
def test_a_client_s_correlation_id_is_taken(
    function: Client, caplog: pytest.LogCaptureFixture, header: str, given: str
) -> None:
    caplog.set_level(logging.INFO)

    answer = function.get("/notes/1", headers={header: given})

    assert answer.headers["X-Correlation-Id"] == given
    assert lines(caplog)[0]["correlationid"] == given


@pytest.mark.parametrize("given", REPLACED)
def test_an_unfit_correlation_id_is_replaced(function: Client, given: str) -> None:
    first, second = (
        function.get("/notes/1", headers={"X-Correlation-Id": given}).headers["X-Correlation-Id"]
        for _ in range(2)
    )

    assert given != first != second
    assert first


def test_a_request_is_one_line_without_what_was_said(
    function: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    function.post(
        "/notes?token=hidden-1",
        json={"text": "hidden-2"},
        headers={"Authorization": "Bearer hidden-3", "X-Correlation-Id": "c-1"},
    )

    [line] = lines(caplog)
    assert (line["method"], line["path"], line["status"]) == ("POST", "/notes", 201)
    assert line["correlationid"] == "c-1"
    assert "hidden" not in json.dumps(line)


def test_an_event_is_one_line_with_its_own_correlation_id(
    function: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    function.post(
        "/",
        data=b'{"id":"n1","text":"hidden"}',
        headers={**EVENT, "ce-correlationid": "c-2", "X-Correlation-Id": "c-1"},
    )

    [line] = lines(caplog)
    assert (line["type"], line["id"], line["status"]) == ("NoteWritten", "e1", 202)
    assert line["correlationid"] == "c-2"
    assert "hidden" not in json.dumps(line)


def test_an_event_without_a_correlation_id_is_logged_with_that_of_its_request(
    function: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    answer = function.post("/", data=b'{"id":"n1"}', headers=EVENT)

    [line] = lines(caplog)
    assert line["correlationid"] == answer.headers["X-Correlation-Id"]


def test_a_refusal_is_logged_with_its_reason(
    function: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    function.post("/", data=b"{}", headers=EVENT)

    [line] = lines(caplog)
    assert line["status"] == 422
    assert line["type"] == "NoteWritten"


def test_asking_for_health_is_not_logged_at_info(
    function: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    function.get("/healthz")

    assert lines(caplog) == []


def test_what_is_wrong_with_an_event_is_told_as_far_as_a_broker_can_bear_it(
    function: Client,
) -> None:
    short = function.post("/", headers={**EVENT, "content-type": "text/plain"}, data=b"{}")
    assert short.json["errors"][0]["detail"] == "data must be JSON, not text/plain"  # type: ignore[index]
    long = function.post("/", headers={**EVENT, "content-type": "x" * 900}, data=b"{}")
    assert (long.status_code, len(long.data) <= 768) == (422, True)
    assert long.json["detail"] == f"data must be JSON, not {'x' * 77}…"  # type: ignore[index]
