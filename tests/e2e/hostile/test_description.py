"""The whole blog through its one public door, against the description of its API."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eventing.call import REQUEST_LIMIT
from tests.description import FILE
from tests.e2e.hostile.outsider import API, AUTHOR, TOKEN, Headers, Outsider, document
from tests.e2e.running import RunningBlog, eventually

# What generated requests cannot know: the read model follows in its own time, so what was deleted
# may be read a moment longer; and a title's limit counts what is left after trimming.
LEFT_OUT = "use_after_free,positive_data_acceptance"
EXAMPLES = "40"


def test_generated_requests_get_only_answers_that_are_described(
    guarded: RunningBlog, tmp_path: Path
) -> None:
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", str(FILE)]
    where = ["--url", f"{guarded.url}/api", "--header", f"Authorization: Bearer {TOKEN}"]
    how = ["--max-examples", EXAMPLES, "--generation-deterministic", "--continue-on-failure"]
    told = ["--exclude-checks", LEFT_OUT, "--no-color", "--output-sanitize", "false"]
    run = subprocess.run(
        [*command, *where, *how, *told], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert run.returncode == 0, run.stdout
    assert "11 selected / 11 total" in run.stdout, run.stdout


def test_the_ingress_serves_the_description_itself(outsider: Outsider) -> None:
    assert document(outsider.described("GET", "/openapi.json")) == API.document


def test_the_ingress_allows_exactly_the_methods_that_are_described(outsider: Outsider) -> None:
    for path, item in API.document["paths"].items():
        methods = {method.upper() for method in item if method != "parameters"}
        where = path.replace("{id}", "p1").replace("{commentId}", "c1")
        answer = outsider.ask("OPTIONS", where)
        assert answer.status == 405
        assert set(answer.headers["allow"].split(", ")) == methods | {"HEAD"}


LARGE = b" " * (REQUEST_LIMIT + 1)
JSON = {"Content-Type": "application/json"}
LONG = "/posts/" + "x" * 40_000
NOT_AS_SENT = {"If-Match": '"another"'}

# Which answer of the description a request gets: method, path, body, headers, status. P is the id
# of a post, C of a comment on it, D of a post that is deleted.
Row = tuple[str, str, object, Headers, int]
ROWS: list[Row] = [
    ("GET", "/posts", None, {}, 200),
    ("HEAD", "/posts", None, {}, 200),
    ("GET", "/posts", None, {"Host": "evil.example"}, 421),
    ("GET", "/posts?cursor=none", None, {}, 400),
    ("GET", "/posts?limit=0", None, {}, 422),
    ("GET", "/posts?limit=101", None, {}, 422),
    ("GET", "/posts", LARGE, {}, 413),
    ("POST", "/posts", {"title": "One"}, AUTHOR, 201),
    ("POST", "/posts", b"{", {**AUTHOR, **JSON}, 400),
    ("POST", "/posts", b'{"title": "\xff"}', {**AUTHOR, **JSON}, 400),
    ("POST", "/posts", {"title": "One"}, {**AUTHOR, "Idempotency-Key": "a b"}, 400),
    ("POST", "/posts", {"title": "One"}, {}, 401),
    ("POST", "/posts", {"title": "One"}, {"Authorization": "Bearer guess"}, 401),
    ("POST", "/posts", {"title": "One"}, {**AUTHOR, "Origin": "http://evil.example"}, 403),
    ("POST", "/posts", {"title": "One"}, {**AUTHOR, "Content-Encoding": "gzip"}, 415),
    ("POST", "/posts", {"title": "One"}, {**AUTHOR, "Host": "evil.example"}, 421),
    ("POST", "/posts", LARGE, {**AUTHOR, **JSON}, 413),
    ("POST", "/posts", b"title=One", {**AUTHOR, "Content-Type": "text/plain"}, 415),
    ("POST", "/posts", {"title": "\0"}, AUTHOR, 422),
    ("POST", "/posts", [1], AUTHOR, 422),
    ("GET", "/posts/P", None, {}, 200),
    ("GET", "/posts/P", None, {"If-None-Match": "*"}, 304),
    ("GET", LONG, None, {}, 400),
    ("GET", "/posts/D", None, {}, 404),
    ("GET", "/posts/P", LARGE, {}, 413),
    ("PATCH", "/posts/P", {"body": "Text"}, AUTHOR, 200),
    ("PATCH", "/posts/P", b"[", {**AUTHOR, **JSON}, 400),
    ("PATCH", "/posts/P", {"body": "Text"}, {}, 401),
    ("PATCH", "/posts/D", {"body": "Text"}, AUTHOR, 404),
    ("PATCH", "/posts/P", LARGE, AUTHOR, 413),
    ("PATCH", "/posts/P", b"{}", AUTHOR, 415),
    ("PATCH", "/posts/P", {"title": " "}, AUTHOR, 422),
    ("DELETE", "/posts/D", None, {}, 401),
    ("DELETE", "/posts/D", None, AUTHOR, 404),
    ("DELETE", "/posts/D", LARGE, AUTHOR, 413),
    ("DELETE", LONG, None, AUTHOR, 400),
    ("GET", "/posts/P/comments", None, {}, 200),
    ("GET", "/posts/P/comments", None, {"If-None-Match": "*"}, 304),
    ("GET", "/posts/P/comments?cursor=%00", None, {}, 400),
    ("GET", "/posts/D/comments", None, {}, 404),
    ("GET", "/posts/P/comments?limit=x", None, {}, 422),
    ("POST", "/posts/P/comments", {"content": "Well said"}, {}, 201),
    ("POST", "/posts/P/comments", b"", JSON, 400),
    ("POST", "/posts/D/comments", {"content": "Late"}, {}, 404),
    ("POST", "/posts/P/comments", LARGE, JSON, 413),
    ("POST", "/posts/P/comments", b"{}", {}, 415),
    ("POST", "/posts/P/comments", {"content": " "}, {}, 422),
    ("GET", "/posts/P/comments/C", None, {}, 200),
    ("GET", "/posts/P/comments/C", None, {"If-None-Match": "*"}, 304),
    ("GET", "/posts/P/comments/none", None, {}, 404),
    ("PATCH", "/posts/P/comments/C", {"status": "approved"}, AUTHOR, 200),
    ("PATCH", "/posts/P/comments/C", {"status": "rejected"}, {}, 401),
    ("PATCH", "/posts/P/comments/none", {"status": "rejected"}, AUTHOR, 404),
    ("PATCH", "/posts/P/comments/C", b"{}", AUTHOR, 415),
    ("PATCH", "/posts/P/comments/C", b"!", {**AUTHOR, **JSON}, 400),
    ("PATCH", "/posts/P/comments/C", {"status": "pending"}, AUTHOR, 422),
    ("GET", "/feed.xml", None, {}, 200),
    ("GET", "/feed.xml", None, {"If-None-Match": "*"}, 304),
    ("GET", "/openapi.json", None, {"If-None-Match": "*"}, 304),
    ("GET", "/openapi.json", None, NOT_AS_SENT, 412),
    ("GET", "/openapi.json", LARGE, {}, 413),
]


@pytest.fixture(scope="module")
def addressed(outsider: Outsider) -> Callable[[str], str]:
    """Puts real ids into a path."""
    post, deleted = outsider.write_post("A post"), outsider.write_post("To be deleted")
    comment = outsider.write_comment(post, "A comment")
    assert outsider.described("DELETE", f"/posts/{deleted}", headers=AUTHOR).status == 204
    ids = {"P": post, "D": deleted, "C": comment}

    def fill(path: str) -> str:
        return "/".join(ids.get(part, part) for part in path.split("/"))

    eventually(lambda: outsider.ask("GET", fill("/posts/D")).status == 404)
    eventually(lambda: outsider.ask("GET", fill("/posts/P/comments/C")).status == 200)
    eventually(lambda: not says_try_again(outsider, fill("/posts/D/comments")))
    return fill


def says_try_again(outsider: Outsider, comments: str) -> bool:
    return "retry-after" in outsider.ask("POST", comments, {"content": "Late"}).headers


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1][:40]} {row[4]}")
def test_each_answer_is_given_and_as_described(
    outsider: Outsider, addressed: Callable[[str], str], row: Row
) -> None:
    method, path, body, headers, status = row
    answer = outsider.described(method, addressed(path), body, headers)
    assert answer.status == status, answer
