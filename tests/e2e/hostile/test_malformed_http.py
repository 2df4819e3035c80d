"""Bytes that are no sound HTTP, at every door: nothing fails, nothing is smuggled in."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass

import pytest

from tests.e2e.hostile.malformed import FIELDS, SMUGGLED, odd, refused
from tests.e2e.hostile.outsider import Outsider, document
from tests.e2e.running import BROKER, INGRESS, POSTS, RunningBlog, eventually

PATIENCE = 10.0  # seconds
SLOW = 200  # connections


@dataclass(frozen=True)
class Door:
    """Somewhere to send bytes to."""

    place: int
    path: bytes


DOORS = {
    "the ingress": Door(INGRESS, b"/api/posts"),
    "a file of the ingress": Door(INGRESS, b"/api/openapi.json"),
    "a function": Door(POSTS, b"/posts"),
    "a function's events": Door(POSTS, b"/"),
    "the broker": Door(BROKER, b"/blog/default"),
}


def exchange(port: int, sent: bytes) -> bytes:
    """Send the bytes, and no more ever; what came back until the other side hung up."""
    with closing(socket.create_connection(("127.0.0.1", port), PATIENCE)) as connection:
        received = bytearray()
        with suppress(OSError):  # a refusal may come before all is sent
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while part := connection.recv(65_536):
                received += part
        return bytes(received)


def statuses(received: bytes) -> list[int]:
    """The status of every answer in what came back, 100 left out."""
    lines = [line for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.")]
    found = [int(line.split()[1]) for line in lines]
    return [status for status in found if status != 100]


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> Door:
    return DOORS[request.param]


def is_answered_as_the_ingress_does(received: bytes) -> bool:
    head, _, body = received.rpartition(b"\r\n\r\n")
    return b"application/problem+json" in head and json.loads(body)["status"] in statuses(head)


@pytest.mark.parametrize("name", refused(b""))
def test_what_is_no_sound_request_is_refused_and_answered_once_at_most(
    guarded: RunningBlog, door: Door, name: str
) -> None:
    received = exchange(guarded.port + door.place, refused(door.path)[name])
    answers = statuses(received)
    assert len(answers) <= 1, received
    assert all(400 <= status < 500 for status in answers), received
    assert not answers or door.place != INGRESS or is_answered_as_the_ingress_does(received)


@pytest.mark.parametrize("name", odd(b""))
def test_what_is_odd_fails_nowhere(guarded: RunningBlog, door: Door, name: str) -> None:
    received = exchange(guarded.port + door.place, odd(door.path)[name])
    assert all(status < 500 for status in statuses(received)), received


def test_nothing_was_smuggled_in(outsider: Outsider) -> None:
    sentinel = outsider.write_post("A sound post")

    def titles() -> dict[str, str]:
        posts = document(outsider.described("GET", "/posts?limit=100"))["posts"]
        return {post["id"]: post["title"] for post in posts}

    eventually(lambda: sentinel in titles())  # the ingress keeps a list for a second
    assert SMUGGLED not in titles().values()


@pytest.fixture(scope="module")
def slow(guarded: RunningBlog) -> Iterator[list[socket.socket]]:
    """Many who have sent half of a head or of a body, and hold on to their connections."""
    halves = (
        b"GET /api/posts HTTP/1.1\r\nHost: bl",
        b"POST /api/posts HTTP/1.1\r\n" + FIELDS + b"Content-Length: 100\r\n\r\n{",
    )
    with ExitStack() as stack:
        connections = []
        for number in range(SLOW):
            connection = socket.create_connection(("127.0.0.1", guarded.port), PATIENCE)
            connections.append(stack.enter_context(closing(connection)))
            connection.sendall(halves[number % 2])
            connection.setblocking(False)
        yield connections


def test_those_who_are_slow_delay_nobody(slow: list[socket.socket], outsider: Outsider) -> None:
    assert len(slow) == SLOW
    outsider.write_post("While others dawdle")
    assert outsider.described("GET", "/posts").status == 200


def test_those_who_are_slow_are_sent_away(slow: list[socket.socket]) -> None:
    eventually(lambda: all(hung_up(connection) for connection in slow), within=15)


def hung_up(connection: socket.socket) -> bool:
    try:
        return connection.recv(65_536) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
