"""The description of the public API says what the functions have: their routes, their limits."""

import re
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from eventing import idempotency
from eventing.call import REQUEST_LIMIT
from functions.comments import rules as comments
from functions.events import Reason, Status, Verdict
from functions.posts import rules as posts
from functions.query import excerpt, reads, store
from tests.databases import Databases, Files
from tests.description import Answered, Description, lowered
from tests.integration.blog import BUILDERS, Blog

INSIDE = {("POST", "/"), ("GET", "/healthz"), ("GET", "/events"), ("GET", "/status")} | {
    ("GET", "/outbox"),
    ("GET", "/outbox/<event_id>"),
    ("POST", "/outbox/<event_id>/retry"),
    ("POST", "/outbox/<event_id>/discard"),
}
FILES = {("GET", "/openapi.json")}
PARAMETERS = {"<post_id>": "{id}", "<comment_id>": "{commentId}"}

API = Description.read()
SCHEMAS = API.document["components"]["schemas"]


def described(name: str) -> Any:
    return SCHEMAS[name]["properties"]


def in_openapi(path: str) -> str:
    for ours, theirs in PARAMETERS.items():
        path = path.replace(ours, theirs)
    return path


def test_every_route_of_the_functions_is_described_and_no_other(tmp_path: Path) -> None:
    routes = {
        (route.method, in_openapi(route.path))
        for name in ("posts", "comments", "query")
        for route in BUILDERS[name]({"DATABASE_URL": Files(tmp_path).url(name)}).routes
    }
    assert routes - INSIDE | FILES == set(API.operations())


def test_each_path_describes_the_parameters_that_it_has() -> None:
    for path, item in API.document["paths"].items():
        named = [API.follow(node)["name"] for node in item.get("parameters", [])]
        assert named == re.findall(r"{(\w+)}", path)


def test_the_limits_of_a_post_are_those_of_the_code() -> None:
    assert f"1 to {posts.TITLE_LIMIT} characters" in SCHEMAS["Title"]["description"]
    assert f"at most {posts.BODY_LIMIT // 1024} KiB of UTF-8" in SCHEMAS["Body"]["description"]
    assert SCHEMAS["Title"]["minLength"] == 1


def test_the_limits_of_a_comment_are_those_of_the_code() -> None:
    assert described("NewComment")["content"]["maxLength"] == comments.CONTENT_LIMIT
    assert f"{comments.AUTHOR_LIMIT} char" in described("NewComment")["author"]["description"]


def test_the_limits_of_a_request_are_those_of_the_code() -> None:
    too_large = API.document["components"]["responses"]["TooLarge"]["description"]
    assert f"{REQUEST_LIMIT // 1024} KiB" in too_large
    parameters = API.document["components"]["parameters"]
    for name, usual in (("PostLimit", reads.POSTS), ("CommentLimit", reads.COMMENTS)):
        allowed = {"type": "integer", "minimum": 1, "maximum": reads.MOST, "default": usual}
        assert parameters[name]["schema"] == allowed
    days = idempotency.KEPT_FOR.days
    assert f"Kept for {days} days" in parameters["IdempotencyKey"]["description"]


def test_the_sizes_of_a_page_are_those_of_the_code() -> None:
    listed, read = (SCHEMAS[name]["allOf"][1]["properties"] for name in ("ListedPost", "ReadPost"))
    assert listed["excerpt"]["maxLength"] == excerpt.LENGTH
    assert listed["comments"]["maxItems"] == store.SHOWN_IN_LIST
    assert read["comments"]["maxItems"] == reads.COMMENTS


def test_the_words_for_a_comments_fate_are_those_of_the_code() -> None:
    assert described("Comment")["status"]["enum"] == [*Status]
    assert described("Comment")["reason"]["examples"] == [*Reason]
    assert described("Verdict")["status"]["enum"] == [*Verdict]


def as_described(answer: TestResponse, path: str, method: str = "GET") -> None:
    answered = Answered(answer.status_code, lowered(answer.headers), answer.data)
    API.check(method, path, answered)


def test_posts_and_comments_are_answered_as_described_in_every_state(databases: Databases) -> None:
    blog = Blog(databases)
    post = blog.write_post(title="A title", body="Text")
    blog.settle()
    for number in range(7):
        blog.write_comment(post["id"], content="orange" if number % 3 else "Well said", author="A")
    query, path = blog.functions["query"], f"/posts/{post['id']}"
    for _ in ("pending", "judged"):
        for where in ("/posts", path, f"{path}/comments"):
            as_described(query.get(f"{where}?limit=2"), where)
        blog.settle()
    changed = blog.functions["posts"].patch(path, json={"body": "More"})
    as_described(changed, path, "PATCH")
    blog.delete(post["id"])
    blog.settle()
    for where in (path, f"{path}/comments", "/posts", "/feed.xml"):
        as_described(query.get(where), where)
