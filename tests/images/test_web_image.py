"""The image of the ingress and the page."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.images.containers import UNPRIVILEGED, Container, running
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("images")


@pytest.fixture(scope="module")
def web(images: None) -> Iterator[Container]:  # noqa: ARG001 - they have to be there
    """The ingress in front of functions that are not there."""
    nobody = "127.0.0.1:9"
    functions = {"POSTS": nobody, "COMMENTS": nobody, "QUERY": nobody}
    settings = {"TRUSTED_PROXIES": "127.0.0.1", "WRITE_LIMIT": "on", "RESOLVER": "none"}
    with running("web", *UNPRIVILEGED, **functions, **settings) as container:
        until(container.answers)
        yield container


def get(web: Container, path: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", web.port, timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_it_serves_the_page_with_its_assets(web: Container) -> None:
    answer, page = get(web, "/")
    assert (answer.status, answer.headers.get_content_type()) == (200, "text/html")
    script = page.decode().partition('src="/assets/')[2].partition('"')[0]
    answer, _ = get(web, f"/assets/{script}")
    assert answer.status == 200
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(("path", "status"), [("/api/nothing", 404), ("/api/posts", 502)])
def test_its_own_errors_are_problem_answers(web: Container, path: str, status: int) -> None:
    answer, body = get(web, path)
    assert answer.headers.get_content_type() == "application/problem+json"
    assert (answer.status, json.loads(body)["status"]) == (status, status)


def test_it_runs_as_a_user_without_rights(web: Container) -> None:
    assert web.do("id", "-u") == "65532"


def test_asked_to_end_it_ends_in_peace(web: Container) -> None:
    web.terminate()
    assert web.end() == 0
