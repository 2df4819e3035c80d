"""What a load does where files, rows or the blog are in trouble: changes when its remedies do."""

import json
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path
from threading import Event

import pytest

from tests.integration.load.small_blog import Reply, SmallBlog, problem
from tests.integration.load.verb import run, write


def test_a_file_and_a_row_that_changed_are_named_with_the_remedy_and_the_others_load(
    blog: SmallBlog, posts: Path, comments: Path
) -> None:
    run(blog, posts, comments)
    (posts / "a.md").write_text("# Post a, corrected")
    (posts / "d.md").write_text("# Post d")  # rows go round over four posts from here
    write(comments, "post,content", "b.md,new", "b.md,comment 1", "c.md,other words", "d.md,first")
    result = run(blog, posts, comments)
    assert result.exit_code == 1
    assert "a.md: its text changed since it was loaded" in result.stderr
    assert "to load it anew" in result.stderr
    assert "comments.csv, row 2: its text changed" in result.stderr
    assert blog.posts[-1]["title"] == "Post d"
    assert "posts: 1 new, 2 already there, 1 failed\n" in result.stdout
    assert "comments: 2 new, 1 already there, 1 failed\n" in result.stdout


def test_a_deleted_post_stays_deleted_and_the_others_load(
    blog: SmallBlog, posts: Path, comments: Path
) -> None:
    run(blog, posts, comments)
    blog.delete(0)
    result = run(blog, posts, comments)
    assert result.exit_code == 1
    assert "a.md: its post was deleted and stays so" in result.stderr
    assert "comments: 0 new, 4 already there, 0 failed, 3 not sent\n" in result.stdout
    assert len(blog.posts) == 2


def test_a_file_without_a_title_fails_alone_and_moves_nobody_elses_comments(
    blog: SmallBlog, posts: Path, comments: Path
) -> None:
    (posts / "b.md").write_text("no heading")
    result = run(blog, posts, comments)
    assert result.exit_code == 1
    assert "b.md: no title" in result.stderr
    assert [contents for _, contents in blog.texts()] == [
        ["comment 0", "comment 3", "comment 6"],
        ["comment 2", "comment 5"],
    ]
    (posts / "b.md").write_text("# Mended")
    assert run(blog, posts, comments).exit_code == 0
    assert blog.texts()[2] == ("# Mended", ["comment 1", "comment 4"])


def test_rows_that_the_blog_or_the_header_refuses_are_reported_by_number(
    blog: SmallBlog, posts: Path, tmp_path: Path
) -> None:
    rows = ["good", " \t", "with \0", "an unquoted, comma", '"said ""so"""']
    result = run(blog, posts, write(tmp_path / "odd.csv", "content", *rows))
    assert result.exit_code == 1
    assert "odd.csv, row 1: 422, content is blank" in result.stderr
    assert "odd.csv, row 2: 422, content holds NUL" in result.stderr
    assert "odd.csv, row 3: 2 fields instead of 1" in result.stderr
    assert [contents for _, contents in blog.texts()] == [["good"], ['said "so"'], []]


def test_a_comment_that_comes_before_its_post_is_tried_again(
    blog: SmallBlog, posts: Path, comments: Path
) -> None:
    attempts = count()
    early = problem(404, "Not yet.", retry_after="0")
    blog.stumble = lambda _, path: early if "comments" in path and next(attempts) < 9 else None
    assert run(blog, posts, comments).exit_code == 0
    assert blog.texts()[0][1] == ["comment 0", "comment 3", "comment 6"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_blog_that_is_busy_is_asked_again(
    blog: SmallBlog, posts: Path, comments: Path, status: int
) -> None:
    requests = count()
    busy = problem(status, "Busy.", retry_after="0")
    blog.stumble = lambda _method, _path: busy if next(requests) % 2 == 0 else None
    assert run(blog, posts, comments).exit_code == 0
    assert sum(len(contents) for _, contents in blog.texts()) == 7


def test_a_connection_that_breaks_after_the_deed_does_it_once(blog: SmallBlog, posts: Path) -> None:
    def break_after_first(method: str, path: str) -> Reply | None:
        blog.stumble = lambda _method, _path: None
        body = json.dumps({"title": "Post a", "body": "# Post a\r\n\r\nText of a.\n"})
        blog.answer(method, path, {"idempotency-key": "load:posts/a.md"}, body.encode())
        raise ConnectionAbortedError

    blog.stumble = break_after_first
    result = run(blog, posts)
    assert result.exit_code == 0
    assert "the connection broke, trying again" in result.stderr
    assert [post["title"] for post in blog.posts] == ["Post a", "Post b", "Post c"]
    assert "posts: 3 new" in result.stdout


def test_the_token_goes_with_posts_alone(blog: SmallBlog, posts: Path, comments: Path) -> None:
    blog.token = "Bearer s3cret"  # noqa: S105
    result = run(blog, posts, comments)
    assert result.exit_code == 1
    assert "stopped: the author's token is missing or wrong" in result.stdout
    assert "posts: 0 new, 0 already there, 0 failed, 3 not sent\n" in result.stdout
    assert run(blog, posts, comments, "--token", "s3cret").exit_code == 0


def test_a_token_that_no_header_can_hold_is_refused_without_showing_it(
    blog: SmallBlog, posts: Path
) -> None:
    result = run(blog, posts, "--token", "s3cret\nX: y")
    assert result.exit_code == 1
    assert "cannot be used" in result.stdout
    assert "s3cret" not in result.output


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Type": "text/html"}, b"<html>"),
        (201, {}, b"[]"),
        (200, {}, {"id": "x", "createdAt": "2026-01-01T00:00:00.000000Z"}),
        (404, {"Content-Type": "text/html"}, b"not here"),
        (301, {"Location": "http://127.0.0.1:1/"}, b""),
    ],
)
def test_a_server_that_is_no_blog_ends_the_load_at_once(
    blog: SmallBlog, posts: Path, answer: Reply
) -> None:
    blog.stumble = lambda _method, _path: answer
    result = run(blog, posts)
    assert result.exit_code == 1
    assert f"does not answer like this blog ({answer[0]}): is --url right?" in result.stdout


def test_an_interrupt_ends_it_with_what_is_done_and_another_run_goes_on(
    blog: SmallBlog, posts: Path, comments: Path
) -> None:
    reached = Event()

    def never(_method: str, path: str) -> Reply | None:
        if "comments" not in path:
            return None
        reached.set()
        return problem(404, "Not yet.", retry_after="30")

    blog.stumble = never
    arguments = [str(posts), str(comments), "--url", blog.url]
    program = [sys.executable, "-c", "from broker.load import load; load()", *arguments]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert reached.wait(20)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "stopped: interrupted. Another run goes on" in output
    blog.stumble = lambda _method, _path: None
    assert run(blog, posts, comments).exit_code == 0
    assert sum(len(contents) for _, contents in blog.texts()) == 7


def test_a_folder_or_csv_that_cannot_be_read_sends_nothing(
    blog: SmallBlog, posts: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = write(tmp_path / "broken.csv", "content", "fine", '"never closed')
    for arguments in ([empty], [posts, broken]):
        result = run(blog, *arguments)
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: ")
    assert blog.posts == []


def test_comments_on_a_post_that_is_deleted_meanwhile_are_left(
    blog: SmallBlog, posts: Path, comments: Path
) -> None:
    gone = problem(404, "Deleted.")
    blog.stumble = lambda _, path: gone if path.endswith("comments") else None
    result = run(blog, posts, comments)
    assert result.exit_code == 1
    assert "comments: 0 new, 0 already there, 3 failed, 4 not sent\n" in result.stdout
