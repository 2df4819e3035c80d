"""The ingress: real nginx with the project's template in front of upstreams that record."""

import gzip
import http.client
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from broker.runner import nginx

START = Path(__file__).parents[2] / "web" / "nginx" / "start.sh"
LIMIT = 262_144


@dataclass(frozen=True)
class Seen:
    """One request as an upstream got it."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def names(self) -> set[str]:
        return {name.lower() for name, _ in self.headers}

    def header(self, name: str) -> str | None:
        return next((value for n, value in self.headers if n.lower() == name.lower()), None)


@dataclass
class Upstream:
    """A recording HTTP server that answers as it is told to."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    silent: threading.Event | None = None
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._answerer())
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def _answerer(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Answerer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = tuple(self.headers.items())
                upstream.seen.append(Seen(self.command, self.path, headers, body))
                if upstream.silent:
                    upstream.silent.wait(10)
                self.send_response(upstream.status)
                for name, value in {"Content-Type": "text/x", **upstream.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(upstream.body)))
                self.end_headers()
                if self.command != "HEAD":
                    with suppress(ConnectionError):  # nginx may have given up waiting
                        self.wfile.write(upstream.body)

            do_GET = do_HEAD = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        return Answerer


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def problem(self) -> dict[str, object]:
        assert self.headers["Content-Type"] == "application/problem+json"
        document: dict[str, object] = json.loads(self.body)
        assert set(document) == {"type", "title", "status", "detail"}
        assert document["status"] == self.status
        return document


@dataclass(frozen=True)
class Door:
    """The running ingress and what stands behind it."""

    port: int
    posts: Upstream
    comments: Upstream
    query: Upstream

    @property
    def seen(self) -> dict[str, list[Seen]]:
        behind = {"posts": self.posts, "comments": self.comments, "query": self.query}
        return {name: upstream.seen for name, upstream in behind.items() if upstream.seen}

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: object = None
    ) -> Answer:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body, headers or {})  # type: ignore[arg-type]
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def raw(self, text: bytes) -> bytes:
        with closing(socket.create_connection(("127.0.0.1", self.port), 10)) as connection:
            connection.sendall(text)
            return b"".join(iter(lambda: connection.recv(65536), b""))


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), 1)):
            return
    pytest.fail(f"nginx does not listen; exit status {process.poll()}")


def page(folder: Path) -> Path:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>the page</title>")
    (folder / "assets" / "app-1a2b.js").write_text("export {}")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "openapi.json").write_text('{"openapi": "3.1.0"}')
    return folder


def environment(folder: Path, door: Door) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOST": "127.0.0.1",
        "PORT": str(door.port),
        "POSTS": door.posts.address,
        "COMMENTS": door.comments.address,
        "QUERY": door.query.address,
        "TRUSTED_PROXIES": "",
        "WRITE_LIMIT": "off",
        "RESOLVER": "none",
        "READ_TIMEOUT": "1s",
        "STATIC": str(page(folder / "dist")),
        "STATE": str(folder / "state"),
        "NGINX_BINARY": str(nginx.find_nginx()),
    }


@contextmanager
def opened(folder: Path) -> Iterator[Door]:
    with ExitStack() as stack:
        posts, comments, query = (stack.enter_context(closing(Upstream())) for _ in range(3))
        door = Door(free_port(), posts, comments, query)
        process = stack.enter_context(subprocess.Popen([START], env=environment(folder, door)))
        stack.callback(process.terminate)
        wait_until_open(door.port, process)
        yield door


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("ingress")) as door:
        yield door


@pytest.fixture
def door(running: Door) -> Door:
    for upstream in (running.posts, running.comments, running.query):
        upstream.seen.clear()
        upstream.status, upstream.body, upstream.headers, upstream.silent = 200, b"{}", {}, None
    return running


ROUTES = [
    ("POST", "/api/posts", "posts"),
    ("PATCH", "/api/posts/p1", "posts"),
    ("DELETE", "/api/posts/p1", "posts"),
    ("POST", "/api/posts/p1/comments", "comments"),
    ("PATCH", "/api/posts/p1/comments/c1", "comments"),
    ("GET", "/api/posts", "query"),
    ("GET", "/api/posts/p1", "query"),
    ("GET", "/api/posts/p1/comments", "query"),
    ("GET", "/api/posts/p1/comments/c1", "query"),
    ("GET", "/api/feed.xml", "query"),
    ("HEAD", "/api/posts", "query"),
    ("HEAD", "/api/posts/p1", "query"),
    ("HEAD", "/api/feed.xml", "query"),
]


@pytest.mark.parametrize(("method", "path", "function"), ROUTES)
def test_each_row_of_the_contract_reaches_its_function_without_the_prefix(
    door: Door, method: str, path: str, function: str
) -> None:
    assert door.ask(method, f"{path}?limit=2&cursor=a%2Bb").status == 200
    (seen,) = door.seen[function]
    assert set(door.seen) == {function}
    assert (seen.method, seen.path) == (method, f"{path.removeprefix('/api')}?limit=2&cursor=a%2Bb")


ALLOWED = {
    "/api/posts": "GET, HEAD, POST",
    "/api/posts/p1": "GET, HEAD, PATCH, DELETE",
    "/api/posts/p1/comments": "GET, HEAD, POST",
    "/api/posts/p1/comments/c1": "GET, HEAD, PATCH",
    "/api/feed.xml": "GET, HEAD",
    "/api/openapi.json": "GET, HEAD",
    "/": "GET, HEAD",
    "/posts/p1": "GET, HEAD",
}
METHODS = ("POST", "PATCH", "DELETE", "PUT", "OPTIONS", "TRACE", "PROPFIND", "NONSENSE")


@pytest.mark.parametrize(
    ("method", "path"),
    [(m, p) for p, allow in ALLOWED.items() for m in METHODS if m not in allow],
)
def test_any_other_method_is_405_and_says_which_are_allowed(
    door: Door, method: str, path: str
) -> None:
    answer = door.ask(method, path)
    assert answer.status == 405
    assert answer.headers.get_all("Allow") == [ALLOWED[path]]
    assert answer.problem()["title"] == "Method Not Allowed"
    assert door.seen == {}


INSIDE = ["/", "/healthz", "/events", "/dead", "/dead/redrive", "/dead/query-posts"]
NOWHERE = [
    *(path for path in INSIDE if path != "/"),
    *(f"/api{path}" for path in INSIDE),
    "/api",
    "/apiary",
    "/api/nothing",
    "/api/posts/",
    "/api/posts/p1/",
    "/api/posts/p1/comments/",
    "/api/posts/p1/comments/c1/more",
    "/api/posts/p1/other",
    "/api/POSTS",
    "/api/healthz/../events",
    "/api/posts/../events",
    "/api/posts/%2e%2e/events",
    "/api/posts/..%2fevents",
    "/api/posts/p1%2f..%2f..%2fevents",
    "/api/posts/p1%2f",
    "/api//events",
    "//events",
    "/api/%2fevents",
    "/api/./events",
    "/api/posts/p%0a1",
    "/api/posts/p1%0a",
    "/api/posts/p1/comments%0a",
    "/api/posts/p%C3%A9",
    "/assets/",
    "/assets/none.js",
    "/assets/%2e%2e/state/nginx.conf",
    "/problem/400",
    "/posts/p1/comments",
]


@pytest.mark.parametrize("path", NOWHERE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_other_path_is_404_and_reaches_no_function(
    door: Door, method: str, path: str
) -> None:
    answer = door.ask(method, path)
    assert answer.status == 404
    assert answer.problem()["title"] == "Not Found"
    assert door.seen == {}


@pytest.mark.parametrize(
    ("path", "function", "forwarded"),
    [
        ("/api//posts///p1", "query", "/posts/p1"),
        ("/api/x/../posts/p1", "query", "/posts/p1"),
        ("/api/posts%2Fp1%2Fcomments", "query", "/posts/p1/comments"),
        ("/api/posts/%70%31", "query", "/posts/p1"),
        ("/api/posts/a%3Fb%23c", "query", "/posts/a%3Fb%23c"),
        ("/api/posts/%252e%252e%252fevents", "query", "/posts/%252e%252e%252fevents"),
        ("/api/posts/p1?/../events", "query", "/posts/p1?/../events"),
    ],
)
def test_what_is_forwarded_is_the_path_that_was_judged(
    door: Door, path: str, function: str, forwarded: str
) -> None:
    assert door.ask("GET", path).status == 200
    assert [seen.path for seen in door.seen[function]] == [forwarded]


ALLOW_LIST = {
    "Accept": "application/json",
    "Authorization": "Bearer token",
    "Content-Type": "application/json",
    "Idempotency-Key": "k-1",
    "If-None-Match": 'W/"1"',
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
    "Prefer": "reply",
    "Proxy": "http://elsewhere",
    "Referer": "http://elsewhere/",
    "User-Agent": "a browser",
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
    assert seen.names() == {name.lower() for name in ALLOW_LIST} | {"host", "content-length"}
    assert {name: seen.header(name) for name in ALLOW_LIST} == ALLOW_LIST
    assert seen.header("Host") == door.posts.address
    assert seen.body == b'{"title": "a"}'


@pytest.mark.parametrize("name", ALLOW_LIST)
def test_a_control_character_in_a_listed_header_reaches_no_function(door: Door, name: str) -> None:
    for char in ("\x01", "\x1f", "\x7f"):
        assert door.ask("GET", "/api/posts", {name: f"a{char}b"}).problem()["status"] == 400
    assert door.seen == {}
    assert door.ask("GET", "/api/posts", {name: "a\tb \xe9"}).status == 200


def test_a_header_that_the_request_lacks_is_not_sent_as_an_empty_one(door: Door) -> None:
    answer = door.raw(b"GET /api/posts HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert door.seen["query"][0].names() == {"host"}


def test_a_body_without_a_length_arrives_with_one(door: Door) -> None:
    door.ask("POST", "/api/posts", {"Content-Type": "application/json"}, iter([b"ab", b"cd"]))
    (seen,) = door.seen["posts"]
    assert (seen.body, seen.header("Content-Length")) == (b"abcd", "4")


def test_two_requests_in_one_connection_stay_two(door: Door) -> None:
    text = (
        b"POST /api/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /events HTTP/1.1\r\nHost: x\r\n\r\n"
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


@pytest.mark.parametrize("status", [400, 404, 405, 413, 500, 502, 503, 504])
def test_what_a_function_answers_passes_untouched(door: Door, status: int) -> None:
    door.query.status, door.query.body = status, b"its own words"
    door.query.headers = {"Allow": "GET", "Retry-After": "1", "ETag": 'W/"7"'}
    answer = door.ask("GET", "/api/posts/p1")
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
    door.query.silent = threading.Event()
    answer = door.ask("GET", "/api/posts")
    door.query.silent.set()
    assert answer.status == 504
    assert answer.problem()["title"] == "Gateway Timeout"


def test_a_command_that_got_no_answer_is_not_sent_twice(door: Door) -> None:
    door.posts.silent = threading.Event()
    assert door.ask("POST", "/api/posts", body=b"{}").status == 504
    door.posts.silent.set()
    assert len(door.posts.seen) == 1


def test_a_function_that_is_away_is_502(tmp_path: Path) -> None:
    with opened(tmp_path) as door:
        door.comments.server.server_close()
        answer = door.ask("POST", "/api/posts/p1/comments", body=b"{}")
    assert answer.status == 502
    assert answer.problem()["title"] == "Bad Gateway"


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET /api/posts/" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/posts HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 40_000 + b"\r\n\r\n",
        b"GET /api/posts HTTP/1.1\r\n\r\n",
        b"GET /api/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/../../etc HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/posts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /api/posts HTTP/2.0\r\nHost: x\r\n\r\n",
        b"POST /api/openapi.json HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
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


@pytest.mark.parametrize("path", ["/", "/posts/p1", "/posts/p%20%C3%A9"])
def test_the_page_answers_at_its_own_addresses(door: Door, path: str) -> None:
    answer = door.ask("GET", path)
    assert (answer.status, b"the page" in answer.body) == (200, True)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_script_within_the_page_may_not_run(door: Door) -> None:
    policy = door.ask("GET", "/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_text_travels_compressed_to_whoever_takes_that_and_keeps_its_etag(door: Door) -> None:
    door.query.body = b"[" + b" " * 5000 + b"]"
    door.query.headers = {"Content-Type": "application/json", "ETag": 'W/"7"'}
    answer = door.ask("GET", "/api/posts", {"Accept-Encoding": "gzip"})
    assert (answer.headers["Content-Encoding"], answer.headers["ETag"]) == ("gzip", 'W/"7"')
    assert gzip.decompress(answer.body) == door.query.body
    assert door.ask("GET", "/api/posts").body == door.query.body


def test_an_asset_may_be_kept_for_ever_as_its_name_changes_with_it(door: Door) -> None:
    answer = door.ask("GET", "/assets/app-1a2b.js")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/javascript")
    assert "immutable" in answer.headers["Cache-Control"]


def test_the_description_of_the_api_is_a_file(door: Door) -> None:
    answer = door.ask("GET", "/api/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(answer.body) == {"openapi": "3.1.0"}


def test_a_file_that_is_not_as_the_request_wants_it_is_a_412_problem(door: Door) -> None:
    answer = door.ask("GET", "/api/openapi.json", {"If-Match": '"another"'})
    assert (answer.status, answer.problem()["title"]) == (412, "Precondition Failed")


def test_a_file_is_answered_whole_whatever_part_is_asked_for(door: Door) -> None:
    for part in ("bytes=0-3", "bytes=9999-"):
        answer = door.ask("GET", "/api/openapi.json", {"Range": part})
        assert (answer.status, json.loads(answer.body)) == (200, {"openapi": "3.1.0"})


def test_nginx_does_not_tell_its_version(door: Door) -> None:
    assert door.ask("GET", "/").headers["Server"] == "nginx"
