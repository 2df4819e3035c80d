"""What a client gets: a function's own words, or a problem answer of the ingress."""

import json
from pathlib import Path

import pytest

from tests.integration.ingress.door import Door, Form, opened


@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize("status", [400, 404, 405, 413, 429, 500, 502, 503, 504])
def test_what_a_function_answers_passes_untouched(door: Door, status: int, method: str) -> None:
    for upstream in (door.query, door.posts):
        upstream.status, upstream.body = status, b"its own words"
        upstream.headers = {"Allow": "GET", "Retry-After": "1", "ETag": 'W/"7"'}
    answer = door.ask(method, "/api/posts/p1")
    assert (answer.status, answer.body) == (status, b"its own words")
    assert answer.headers["Content-Type"] == "text/x"
    assert {name: answer.headers.get_all(name) for name in ("Allow", "Retry-After", "ETag")} == {
        "Allow": ["GET"],
        "Retry-After": ["1"],
        "ETag": ['W/"7"'],
    }


def test_a_head_request_gets_the_headers_and_no_body(door: Door) -> None:
    door.query.body = b"twelve bytes"
    answer = door.ask("HEAD", "/api/posts")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "12")


def test_a_silent_function_is_504(door: Door) -> None:
    door.query.sleep()
    answer = door.ask("GET", "/api/posts/silent")
    door.query.wake()
    assert answer.status == 504
    assert answer.problem()["title"] == "Gateway Timeout"


def test_a_command_that_got_no_answer_is_not_sent_twice(door: Door) -> None:
    door.posts.sleep()
    assert door.ask("POST", "/api/posts", body=b"{}").status == 504
    door.posts.wake()
    assert len(door.posts.seen) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_function_that_is_away_is_502(form: Form, tmp_path: Path, method: str) -> None:
    with opened(form, tmp_path) as door:
        for function in (door.query, door.comments):
            function.server.server_close()
        answer = door.ask(method, "/api/posts/p1/comments")
    assert answer.status == 502
    assert answer.problem()["title"] == "Bad Gateway"


def test_every_answer_says_that_its_type_is_what_it_is(door: Door) -> None:
    for path in ("/api/posts", "/api/nothing", "/", "/assets/app-1a2b.js", "/nothing"):
        answer = door.ask("GET", path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert door.ask("DELETE", "/").headers.get_all("X-Content-Type-Options") == ["nosniff"]


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET /api/posts/" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /api/posts HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"x" * 40_000 + b"\r\n\r\n",
        b"GET /api/posts HTTP/1.1\r\n\r\n",
        b"GET /api/%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /api/../../etc HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /api/posts HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /api/posts HTTP/2.0\r\nHost: localhost\r\n\r\n",
        b"PUT /api/openapi.json HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
    ],
    ids=[
        "a long address",
        "a long header",
        "no Host",
        "a NUL",
        "above the root",
        "an unknown coding",
        "another version",
        "a broken body where none is taken",
    ],
)
def test_a_malformed_request_is_a_400_problem(door: Door, request_text: bytes) -> None:
    head, _, body = door.raw(request_text).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"Content-Type: application/problem+json" in head
    assert json.loads(body)["status"] == 400
    assert door.seen == {}
