"""Whose request it is, and how many writes one client may send: changes when limits or trust do."""

from collections.abc import Mapping

import pytest

from tests.integration.ingress.door import (
    ACTIVATOR,
    GATEWAY_POD,
    IN_A_CLUSTER,
    ON_A_LAPTOP,
    Answer,
    Door,
)

MANY = 90
BURST = 50
SPOOFED = [
    {},
    {"X-Forwarded-For": "198.51.100.{}"},
    {"X-Forwarded-For": "10.42.1.{}"},
    {"X-Forwarded-For": "127.0.0.1, 198.51.100.{}, 10.42.1.1"},
    {"X-Forwarded-For": "nonsense {}"},
    {"X-Real-IP": "198.51.100.{}", "Forwarded": "for=198.51.100.{}"},
]


def write(door: Door, number: int = 0, headers: Mapping[str, str] | None = None) -> Answer:
    sent = {name: text.format(number) for name, text in (headers or {}).items()}
    return door.ask("POST", "/api/posts", sent, b"{}")


@ON_A_LAPTOP
def test_a_laptop_limits_nobody(door: Door) -> None:
    assert {write(door).status for _ in range(MANY)} == {200}


@IN_A_CLUSTER
def test_past_its_burst_a_client_is_told_to_wait(door: Door) -> None:
    answers = [write(door) for _ in range(MANY)]
    assert {answer.status for answer in answers[: BURST + 1]} == {200}
    refused = [answer for answer in answers if answer.status != 200]
    assert refused
    assert {answer.status for answer in refused} == {429}
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].problem()["title"] == "Too Many Requests"
    assert len(door.posts.seen) == MANY - len(refused)


@IN_A_CLUSTER
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/posts/p1"),
        ("DELETE", "/api/posts/p1"),
        ("POST", "/api/posts/p1/comments"),
        ("PATCH", "/api/posts/p1/comments/c1"),
    ],
)
def test_every_kind_of_write_counts(door: Door, method: str, path: str) -> None:
    for _ in range(MANY):
        write(door)
    assert door.ask(method, path).status == 429


@IN_A_CLUSTER
def test_other_clients_write_on_and_everybody_reads_on(door: Door) -> None:
    while write(door).status == 200:
        pass
    assert {door.ask("GET", "/api/posts").status for _ in range(MANY)} == {200}
    assert {door.ask("PUT", "/api/posts").status for _ in range(MANY)} == {405}
    door.client = "2001:db8::7"
    assert write(door).status == 200


@IN_A_CLUSTER
@pytest.mark.parametrize("headers", SPOOFED, ids=str)
def test_what_a_client_says_of_its_address_makes_it_nobody_else(
    door: Door, headers: Mapping[str, str]
) -> None:
    statuses = [write(door, number, headers).status for number in range(MANY)]
    assert 429 in statuses


@IN_A_CLUSTER
def test_a_client_is_told_apart_with_and_without_the_activator(door: Door) -> None:
    while write(door).status == 200:
        pass
    body = (
        b"POST /api/posts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n"
    )
    for way in (f"{GATEWAY_POD}, {ACTIVATOR}", GATEWAY_POD):
        mine = f"X-Forwarded-For: {door.client}, {way}\r\n\r\n".encode()
        other = f"X-Forwarded-For: 192.0.2.1, {way}\r\n\r\n".encode()
        assert b" 429 " in door.raw(body + mine)
        assert b" 200 " in door.raw(body + other)
