"""Which requests pass the ingress, where they go, and what of them arrives there."""

import pytest

from tests.integration.ingress.door import Door

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
    assert door.ask(method, path).status == 200
    (seen,) = door.seen[function]
    assert set(door.seen) == {function}
    assert (seen.method, seen.path) == (method.replace("HEAD", "GET"), path.removeprefix("/api"))


@pytest.mark.parametrize(
    ("path", "forwarded"),
    [
        ("/api/posts?limit=2&cursor=a%2Bb", "/posts?limit=2&cursor=a%2Bb"),
        ("/api/posts?cursor=a%2Bb&x=1&limit=2", "/posts?limit=2&cursor=a%2Bb"),
        ("/api/posts?limit=", "/posts?limit="),
        ("/api/posts?xlimit=1&limits=2&&cursor=c", "/posts?cursor=c"),
        ("/api/posts?limit=1&limit=2", "/posts?limit=1"),
        ("/api/posts?limit", "/posts"),
        ("/api/posts?", "/posts"),
        ("/api/posts/p1/comments?cursor=c", "/posts/p1/comments?cursor=c"),
        ("/api/posts/p1?limit=2&cursor=c", "/posts/p1"),
        ("/api/feed.xml?limit=2", "/feed.xml"),
    ],
)
def test_of_a_query_the_known_parameters_arrive_in_one_order(
    door: Door, path: str, forwarded: str
) -> None:
    assert door.ask("GET", path).status == 200
    assert [seen.path for seen in door.query.seen] == [forwarded]


def test_a_command_has_no_query(door: Door) -> None:
    assert door.ask("POST", "/api/posts?limit=2&x=1").status == 200
    assert [seen.path for seen in door.posts.seen] == ["/posts"]


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
        ("/api/posts/p1?/../events", "query", "/posts/p1"),
    ],
)
def test_what_is_forwarded_is_the_path_that_was_judged(
    door: Door, path: str, function: str, forwarded: str
) -> None:
    assert door.ask("GET", path).status == 200
    assert [seen.path for seen in door.seen[function]] == [forwarded]
