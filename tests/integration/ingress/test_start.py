"""How the ingress starts: what it must be told, what it refuses, and what may be missing yet."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.integration.ingress.door import (
    IN_A_CLUSTER,
    START,
    Door,
    Form,
    opened,
    prepared,
    running,
)
from tests.waiting import until


def refusal(environment: dict[str, str]) -> str:
    started = subprocess.run(
        [START], env=environment, capture_output=True, text=True, timeout=20, check=False
    )
    assert started.returncode == 78
    return started.stderr


NEEDED = ["PORT", "POSTS", "COMMENTS", "QUERY", "TRUSTED_PROXIES", "WRITE_LIMIT"]


@pytest.mark.parametrize("name", NEEDED)
def test_a_missing_value_is_named(door: Door, name: str) -> None:
    environment = door.environment()
    del environment[name]
    assert refusal(environment) == f"ingress: {name} is not set\n"


@pytest.mark.parametrize(
    "value", ['a"b', "a'b", "a$uri", "a;b", "a\nb", "a\\b", "a{b", "a|b", "a&b"]
)
def test_a_value_that_would_be_read_as_more_than_text_is_refused(door: Door, value: str) -> None:
    assert "STATIC is <a" in refusal(door.environment() | {"STATIC": value})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALLOWED_HOSTS", "box http://blog.example", "ALLOWED_HOSTS has <http://blog.example>"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS has <*>"),
        ("ALLOWED_HOSTS", "box/", "ALLOWED_HOSTS has <box/>"),
        ("SITE_URL", "blog.example", "SITE_URL is <blog.example>"),
        ("SITE_URL", "https://me@blog.example", "SITE_URL has <me@blog.example>"),
        ("STALE", "a while", "STALE is <a while>"),
    ],
)
def test_a_value_that_is_none_is_named(door: Door, name: str, value: str, said: str) -> None:
    assert said in refusal(door.environment() | {name: value})


def test_a_limit_is_on_or_off(door: Door) -> None:
    assert "may be on or off" in refusal(door.environment() | {"WRITE_LIMIT": "maybe"})


@pytest.mark.parametrize(
    ("site", "picture"),
    [("", b'"/card.png"'), ("https://b.example/", b'"https://b.example/card.png"')],
)
def test_a_picture_of_the_page_is_named_in_full_where_the_site_is_known(
    form: Form, tmp_path: Path, site: str, picture: bytes
) -> None:
    with prepared(form, tmp_path) as door, running(door, SITE_URL=site):
        assert b'<meta property="og:image" content=' + picture in door.ask("GET", "/posts/p").body


def test_it_starts_again_where_it_was_killed_and_under_any_path(form: Form, tmp_path: Path) -> None:
    with prepared(form, tmp_path / ("a long name" * 12)) as door:
        with running(door):
            assert door.ask("GET", "/api/posts").status == 200
        assert (door.state / "store.sock").exists()
        with running(door):
            assert door.ask("GET", "/api/posts/p1").status == 200


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGTERM])
def test_it_ends_in_peace_when_told_to(form: Form, tmp_path: Path, number: signal.Signals) -> None:
    with prepared(form, tmp_path) as door, running(door) as process:
        process.send_signal(number)
        assert process.wait(10) == 0


@IN_A_CLUSTER
def test_a_function_may_be_made_later_and_is_found_within_seconds(
    form: Form, tmp_path: Path
) -> None:
    with prepared(form, tmp_path) as door:
        name = door.host("posts").split(":")[0]
        door.names.known.discard(name)
        with running(door):
            assert door.ask("POST", "/api/posts").problem()["status"] == 502
            assert door.ask("POST", "/api/posts/p1/comments").status == 200
            door.names.known.add(name)
            until(lambda: door.ask("POST", "/api/posts").status == 200)


@IN_A_CLUSTER
def test_connections_to_the_gateway_are_kept(form: Form, tmp_path: Path) -> None:
    with opened(form, tmp_path) as door:
        for _ in range(5):
            assert door.ask("POST", "/api/posts").status == 200
        # The first ones may have come while the name was still unknown.
        assert len({seen.connection for seen in door.posts.seen[3:]}) == 1
