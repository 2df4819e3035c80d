"""Who may speak to a function, in both of its servers: hosts, origins, tokens, trailers."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.integration.test_worker import SERVERS
from tests.waiting import until

ROOT = Path(__file__).parents[2]
TOKEN = "s3cret-of-the-author"  # noqa: S105 - the author's, in these tests
EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "Unknown"}


class Posts:
    """The function `posts`, with an author, in a process of its own."""

    def __init__(self, server: str, folder: Path, **env: str) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            self.port = probe.getsockname()[1]
        source = str(ROOT / "functions" / "posts" / "main.py")
        where = ["--source", source, "--target", "posts", "--host", "127.0.0.1"]
        own = {"DATABASE_URL": f"sqlite:///{folder / 'posts.db'}", "AUTHOR_TOKEN": TOKEN}
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", server, *where, "--port", str(self.port)],
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **own, **env},
                stdout=log,
                stderr=log,
            )
        until(self._answers)

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: str = "{}") -> int:
        """The status of the answer."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body, dict(headers))
            return connection.getresponse().status

    def send(self, request: bytes) -> bytes:
        """What comes back until the connection ends."""
        with closing(socket.create_connection(("127.0.0.1", self.port), 10)) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def lines(self) -> list[dict[str, object]]:
        """What it has logged."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.ask("GET", "/healthz", {}) == 200
        except OSError:
            return False


@pytest.fixture(scope="module", params=SERVERS)
def posts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Posts]:
    posts = Posts(request.param, tmp_path_factory.mktemp("posts"), ALLOWED_HOSTS="blog.test")
    yield posts
    posts.process.terminate()
    posts.process.wait(20)


@pytest.mark.parametrize("path", ["/healthz", "/events", "/status", "/none"])
def test_a_name_that_is_not_ours_is_421_wherever_it_asks(posts: Posts, path: str) -> None:
    assert posts.ask("GET", path, {"Host": "evil.example"}) == 421
    assert posts.ask("GET", path, {"Host": "blog.test:8080"}) != 421


def test_events_of_a_foreign_page_are_refused(posts: Posts) -> None:
    for headers, status in (
        ({}, 202),
        ({"Origin": f"http://127.0.0.1:{posts.port}"}, 202),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 421),
    ):
        assert posts.ask("POST", "/", {**EVENT, **headers}) == status


def test_what_follows_a_body_is_no_header(posts: Posts) -> None:
    chunked = b"Host: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
    trailer = b"".join(f"{name}: {value}\r\n".encode() for name, value in EVENT.items())
    for head in (b"", trailer[: trailer.index(b"ce-type")]):
        request = b"POST / HTTP/1.1\r\n" + chunked + head + b"\r\n2\r\n{}\r\n0\r\n"
        assert b" 400 " in posts.send(request + trailer + b"\r\n").partition(b"\r\n")[0]
    token = f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()
    request = b"POST /posts HTTP/1.1\r\n" + chunked + b"\r\n2\r\n{}\r\n0\r\n" + token
    assert b" 401 " in posts.send(request).partition(b"\r\n")[0]


def test_whoever_guesses_is_stopped_and_named_in_the_log(posts: Posts) -> None:
    guess, right = (
        {"Authorization": f"Bearer {token}", "X-Client-Address": "192.0.2.7"}
        for token in ("guess", TOKEN)
    )
    statuses = [posts.ask("POST", "/posts", guess) for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert posts.ask("DELETE", "/posts/none", right) == 429
    assert posts.ask("POST", "/posts", {"X-Client-Address": "192.0.2.7"}) == 401
    assert posts.ask("DELETE", "/posts/none", right | {"X-Client-Address": "192.0.2.8"}) == 404
    [warning] = [line for line in posts.lines() if line["event"] == "many wrong tokens"]
    assert (warning["level"], warning["address"]) == ("warning", "192.0.2.7")
    named = [line["address"] for line in posts.lines() if line.get("status") in (401, 429)]
    assert named[-14:] == ["192.0.2.7"] * 14
