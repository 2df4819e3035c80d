"""The page and its files: their types, and how long a browser may keep them."""

import json

import pytest

from tests.integration.ingress.door import Door


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
