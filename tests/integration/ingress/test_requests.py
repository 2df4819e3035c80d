"""What of a request arrives at a function: headers of a list, and bodies within a limit."""

import pytest

from tests.integration.ingress.door import Door

LIMIT = 262_144
ALLOW_LIST = {
    "Accept": "application/json",
    "Authorization": "Bearer token",
    "Content-Encoding": "gzip",
    "Content-Type": "application/json",
    "Idempotency-Key": "k-1",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "tracestate": "a=b",
    "X-Correlation-Id": "c-1",
    "X-Request-Id": "r-1",
}
REFUSED = {
    "ce-id": "1",
    "ce-specversion": "1.0",
    "CE-Type": "PostCreated",
    "Cookie": "a=b",
    "Forwarded": "for=1.2.3.4",
    "Idempotency_Key": "underscore",
    "If-None-Match": 'W/"1"',
    "Prefer": "reply",
    "Proxy": "http://elsewhere",
    "Referer": "http://elsewhere/",
    "User-Agent": "a browser",
    "X-Client-Address": "192.0.2.9",
    "X-Forwarded-For": "1.2.3.4",
    "X-Forwarded-Host": "elsewhere",
    "X-HTTP-Method-Override": "DELETE",
    "X-Original-URL": "/events",
    "Connection": "keep-alive, Idempotency-Key, Authorization",
    "TE": "trailers",
    "Upgrade": "h2c",
}


def test_only_the_listed_headers_reach_a_function(door: Door) -> None:
    door.ask("POST", "/api/posts", {**REFUSED, **ALLOW_LIST}, b'{"title": "a"}')
    (seen,) = door.seen["posts"]
    own = {"host", "content-length", "x-client-address"}
    assert seen.names() == {name.lower() for name in ALLOW_LIST} | own
    assert seen.header("X-Client-Address") == (door.client if door.form.cluster else "127.0.0.1")
    assert {name: seen.header(name) for name in ALLOW_LIST} == ALLOW_LIST
    assert seen.header("Host") == door.host("posts")
    assert seen.body == b'{"title": "a"}'


def test_of_a_read_only_what_names_it_reaches_the_function(door: Door) -> None:
    """Whatever changed the answer would change it for all who are given it."""
    more = {"Origin": "http://elsewhere", "Range": "bytes=0-1", "Host": "localhost:9"}
    door.ask("GET", "/api/posts", {**REFUSED, **ALLOW_LIST, **more})
    (seen,) = door.seen["query"]
    passed = {"traceparent", "tracestate", "X-Correlation-Id", "X-Request-Id"}
    assert seen.names() == {name.lower() for name in passed} | {"host"}
    assert {name: seen.header(name) for name in passed} == {n: ALLOW_LIST[n] for n in passed}
    assert seen.header("Host") == door.host("query")


@pytest.mark.parametrize("name", ALLOW_LIST)
def test_a_control_character_in_a_listed_header_reaches_no_function(door: Door, name: str) -> None:
    for char in ("\x01", "\x1f", "\x7f"):
        assert door.ask("GET", "/api/posts", {name: f"a{char}b"}).problem()["status"] == 400
    assert door.seen == {}
    assert door.ask("GET", "/api/posts", {name: "a\tb \xe9"}).status == 200


def test_a_header_that_the_request_lacks_is_not_sent_as_an_empty_one(door: Door) -> None:
    answer = door.raw(b"GET /api/posts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert door.seen["query"][0].names() == {"host"}


def test_a_body_without_a_length_arrives_with_one(door: Door) -> None:
    door.ask("POST", "/api/posts", {"Content-Type": "application/json"}, iter([b"ab", b"cd"]))
    (seen,) = door.seen["posts"]
    assert (seen.body, seen.header("Content-Length")) == (b"abcd", "4")


def test_two_requests_in_one_connection_stay_two(door: Door) -> None:
    text = (
        b"POST /api/posts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    assert door.raw(text).startswith(b"HTTP/1.1 400")
    assert door.seen == {}


def test_a_body_of_exactly_256_kib_passes(door: Door) -> None:
    assert door.ask("POST", "/api/posts", body=b"x" * LIMIT).status == 200
    assert len(door.seen["posts"][0].body) == LIMIT


@pytest.mark.parametrize("body", [b"x" * (LIMIT + 1), [b"x" * LIMIT, b"x"]])
def test_one_byte_more_is_413(door: Door, body: object) -> None:
    answer = door.ask("POST", "/api/posts", body=iter(body) if isinstance(body, list) else body)
    assert answer.status == 413
    assert answer.problem()["title"] == "Content Too Large"
    assert door.seen == {}
