"""Each function as functions-framework loads it, and what ends a start with one clear line."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import functions_framework
import pytest
from flask.testing import FlaskClient

from eventing.bearer import TokenMissing
from tests.databases import Files
from tests.integration.blog import client, comment_data, created, event, post_data, send
from tests.integration.test_worker import SERVERS

FUNCTIONS = Path(__file__).parents[2] / "functions"
FUNCTION_NAMES = ("posts", "comments", "moderation", "query", "dead_letters")

Load = Callable[[str], FlaskClient]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads a function's source as the framework does, on a database file of its own."""
    monkeypatch.setattr(sys, "path", [*sys.path])  # the framework appends the function's folder

    def loaded(name: str) -> FlaskClient:
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / name}.db")
        source = str(FUNCTIONS / name / "main.py")
        app = functions_framework.create_app(name, source)  # type: ignore[no-untyped-call]
        test_client: FlaskClient = app.test_client()
        return test_client

    return loaded


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_a_loaded_function_is_healthy_without_a_database(load: Load, name: str) -> None:
    answer = load(name).get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_a_loaded_function_answers_problems_of_its_own(load: Load, name: str) -> None:
    function = load(name)
    for answer in (function.get("/nowhere"), function.put("/posts"), function.post("/", data="x")):
        assert answer.status_code in (400, 404, 405)
        assert answer.content_type == "application/problem+json"


def test_a_post_is_written_the_way_the_framework_calls(load: Load) -> None:
    posts = load("posts")
    post = created(posts.post("/posts", json={"title": "One"}))
    assert posts.get("/events").json[0]["data"] == post  # type: ignore[index]
    assert posts.delete(f"/posts/{post['id']}").status_code == 204


def test_a_comment_is_written_the_way_the_framework_calls(load: Load) -> None:
    comments = load("comments")
    answer = send(comments, event("PostCreated", post_data()))
    assert (answer.status_code, answer.data) == (202, b"")
    created(comments.post("/posts/p1/comments", json={"content": "Well said"}))


def test_a_verdict_is_replied_the_way_the_framework_calls(load: Load) -> None:
    answer = send(load("moderation"), event("CommentCreated", comment_data(content="orange")))
    assert (answer.status_code, answer.headers["ce-type"]) == (200, "CommentModerated")


def test_a_post_is_read_the_way_the_framework_calls(load: Load) -> None:
    query = load("query")
    send(query, event("PostCreated", post_data()))
    answer = query.get("/posts/p1")
    tag = answer.headers["ETag"]
    assert query.get("/posts/p1", headers={"If-None-Match": tag}).status_code == 304
    assert query.head("/posts/p1").content_length == answer.content_length


def test_too_large_a_request_is_refused_by_the_function_and_not_by_the_framework(
    load: Load,
) -> None:
    answer = load("posts").post("/posts", data=b"x" * 300_000, content_type="application/json")
    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")


@pytest.mark.parametrize(("url", "loaded"), [("sqlite:///x.db", False), ("postgresql:///x", True)])
def test_the_driver_of_postgresql_is_loaded_only_where_it_is_asked_for(
    url: str, *, loaded: bool
) -> None:
    modules = ", ".join(f"functions.{name}.main" for name in FUNCTION_NAMES)
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys, {modules}; print('psycopg2' in sys.modules)"],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert ended.stdout == f"{loaded}\n"


@pytest.mark.parametrize(
    ("name", "env", "line"),
    [
        ("posts", {"K_SERVICE": "posts"}, "posts: AUTHOR_TOKEN is empty: set it"),
        ("comments", {"K_SERVICE": "comments", "AUTHOR_TOKEN": ""}, "comments: AUTHOR_TOKEN is"),
        ("moderation", {"WORDS_FILE": "/no/words.txt"}, "moderation: WORDS_FILE /no/words.txt"),
        (
            "query",
            {"DATABASE_URL": "oracle:x"},
            "query: DATABASE_URL begins with 'oracle'; use sqlite:",
        ),
        ("query", {"LOG_LEVEL": "loud"}, "query: LOG_LEVEL is 'loud'; use one of debug, info"),
    ],
)
@pytest.mark.parametrize("server", SERVERS)
def test_what_is_set_wrong_ends_the_start_with_one_line(
    server: str, name: str, env: dict[str, str], line: str
) -> None:
    source = str(FUNCTIONS / name / "main.py")
    ended = subprocess.run(
        [sys.executable, "-m", server, "--target", name, "--source", source, "--port", "0"],
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(line)
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["posts", "comments"])
def test_in_a_cluster_an_open_blog_must_be_meant(tmp_path: Path, name: str) -> None:
    for token in ("", " \n"):
        with pytest.raises(TokenMissing):
            client(name, Files(tmp_path), K_SERVICE=name, AUTHOR_TOKEN=token)
    client(name, Files(tmp_path), K_SERVICE=name, AUTHOR_OPEN="1")
    client(name, Files(tmp_path), K_SERVICE=name, AUTHOR_TOKEN="s3cret-of-the-author")  # noqa: S106 - not a real one


@pytest.mark.parametrize("token", ["", "s3cret-of-the-author"])
def test_the_start_says_whether_everybody_may_write(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    client("posts", Files(tmp_path), AUTHOR_TOKEN=token)
    assert ("AUTHOR_TOKEN is not set: everybody may write" in caplog.messages) == (not token)
