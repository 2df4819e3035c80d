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


HTML = ["/", "/posts/p1", "/index.html", "//index.html", "/%69ndex.html", "/x/../index.html"]
OTHERS = ["/posts/p1/", "/none", "/none.html", "/assets/", "/api", "/api/posts", "/api/none"]


@pytest.mark.parametrize("path", HTML)
@pytest.mark.parametrize("sent", [{}, {"If-None-Match": "*"}, {"Accept-Encoding": "gzip"}])
def test_no_page_can_frame_ours_by_whatever_address_it_is_asked(
    door: Door, path: str, sent: dict[str, str]
) -> None:
    answer = door.ask("GET", path, sent)
    assert answer.status == (304 if "If-None-Match" in sent else 200)
    [policy] = answer.headers.get_all("Content-Security-Policy") or []
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", OTHERS)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_what_is_no_page_can_neither_be_framed_nor_show_anything(
    door: Door, method: str, path: str
) -> None:
    answer = door.ask(method, path)
    assert answer.headers.get_all("Content-Security-Policy") == [
        "default-src 'none'; frame-ancestors 'none'"
    ]
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]


def test_answers_to_malformed_requests_have_these_headers_too(door: Door) -> None:
    for request in (b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", b"nonsense\r\n\r\n"):
        head = door.raw(request).partition(b"\r\n\r\n")[0]
        assert b"frame-ancestors 'none'" in head
        assert b"nosniff" in head


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
