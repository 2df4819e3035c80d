"""What a load does to a blog, over real HTTP: changes when the verb `load` does."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Barrier, Event

import pytest
from click.testing import CliRunner, Result

from broker.load import load
from tests.integration.load_blog import Reply, SmallBlog, problem, serving


@pytest.fixture
def blog() -> Iterator[SmallBlog]:
    with serving(SmallBlog()) as small_blog:
        yield small_blog


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    folder = tmp_path / "posts"
    folder.mkdir()
    for name in ("b", "c", "a"):
        (folder / f"{name}.md").write_bytes(f"# Post {name}\r\n\r\nText of {name}.\n".encode())
    return folder


@pytest.fixture
def comments(tmp_path: Path) -> Path:
    return write(tmp_path / "comments.csv", "content", *(f"comment {n}" for n in range(7)))


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")
    return path


def run(blog: SmallBlog, *arguments: Path | str) -> Result:
    return CliRunner(env={"AUTHOR_TOKEN": None}).invoke(
        load, [*map(str, arguments), "--url", blog.url]
    )


def test_posts_come_in_order_of_file_name_and_rows_go_round(
    blog: SmallBlog, posts: Path, comments: Path
) -> None:
    result = run(blog, posts, comments)
    assert result.exit_code == 0, result.output
    assert [post["title"] for post in blog.posts] == ["Post a", "Post b", "Post c"]
    assert blog.texts() == [
        ("# Post a\r\n\r\nText of a.\n", ["comment 0", "comment 3", "comment 6"]),
        ("# Post b\r\n\r\nText of b.\n", ["comment 1", "comment 4"]),
        ("# Post c\r\n\r\nText of c.\n", ["comment 2", "comment 5"]),
    ]
    assert "posts: 3 new, 0 already there, 0 failed\n" in result.stdout
    assert "comments: 7 new, 0 already there, 0 failed\n" in result.stdout


def test_a_second_load_creates_nothing_and_says_so(
    blog: SmallBlog, posts: Path, comments: Path
) -> None:
    run(blog, posts, comments)
    before = blog.texts()
    result = run(blog, posts, comments)
    assert result.exit_code == 0
    assert blog.texts() == before
    assert "posts: 0 new, 3 already there, 0 failed\n" in result.stdout
    assert "comments: 0 new, 7 already there, 0 failed\n" in result.stdout


@pytest.mark.parametrize("hours", [-3, 3])
def test_what_is_new_is_told_by_the_clock_of_the_blog(
    blog: SmallBlog, posts: Path, hours: int
) -> None:
    blog.ahead = timedelta(hours=hours)
    assert "posts: 3 new, 0 already there" in run(blog, posts).stdout
    blog.ahead += timedelta(seconds=10)
    (posts / "d.md").write_text("# Post d")
    assert "posts: 1 new, 3 already there" in run(blog, posts).stdout


def test_a_copy_of_the_folder_elsewhere_creates_nothing(
    blog: SmallBlog, posts: Path, comments: Path, tmp_path: Path
) -> None:
    run(blog, posts, comments)
    copy = tmp_path / "elsewhere" / "posts"
    shutil.copytree(posts, copy)
    run(blog, copy)
    assert len(blog.posts) == 3


def test_the_same_file_name_in_another_folder_is_another_post(
    blog: SmallBlog, posts: Path, tmp_path: Path
) -> None:
    other = tmp_path / "drafts"
    other.mkdir()
    (other / "a.md").write_text("# Another a")
    run(blog, posts)
    assert run(blog, other).exit_code == 0
    assert [post["title"] for post in blog.posts] == ["Post a", "Post b", "Post c", "Another a"]


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


def test_texts_come_back_character_by_character(blog: SmallBlog, tmp_path: Path) -> None:
    folder = tmp_path / "posts"
    folder.mkdir()
    body = (
        "\r\n  \n# Ti\ttle 🍊 \r\nline\rend\x0b\x0c\x1c\x85\u2028\ufeff e\u0301 \U0010ffff\t \n\n"
    )
    (folder / "a.md").write_bytes(f"\ufeff---\r\nx: y\r\n---\r\n{body}".encode())
    content = ' \n"quoted"\r\n\r, \u202e\U0001f469\u200d\U0001f4bb\u2028 \t'
    quoted = content.replace('"', '""')
    csv = tmp_path / "c.csv"
    csv.write_bytes(f'\ufeffcontent\r\n"{quoted}"\r\n'.encode())
    assert run(blog, folder, csv).exit_code == 0
    assert blog.texts() == [(body, [content])]


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


def test_comments_of_different_posts_are_under_way_at_once(
    blog: SmallBlog, posts: Path, comments: Path
) -> None:
    three = Barrier(3, timeout=10)

    def meet(_method: str, path: str) -> None:
        if "comments" in path and blog.comments[path.split("/")[3]] == []:
            three.wait()

    blog.stumble = meet
    assert run(blog, posts, comments).exit_code == 0


def test_waiting_ends_when_every_comment_on_every_page_is_judged(
    blog: SmallBlog, posts: Path, tmp_path: Path
) -> None:
    rows = [f"comment {n} with an orange" if n % 4 == 0 else f"comment {n}" for n in range(30)]
    looks = count()

    def judge(comment: dict[str, str]) -> str:
        if next(looks) < 45:
            return "pending"
        return "rejected" if "orange" in comment["content"] else "approved"

    blog.judge = judge
    result = run(blog, posts, write(tmp_path / "c.csv", "content", *rows), "--wait")
    assert result.exit_code == 0
    assert "22 approved, 8 rejected\n" in result.stdout
    assert next(looks) > 45


def test_waiting_goes_on_until_readers_see_a_post_without_comments(
    blog: SmallBlog, posts: Path
) -> None:
    looks = count()
    unseen = problem(404, "No such post.")
    blog.stumble = lambda method, _: unseen if method == "GET" and next(looks) < 4 else None
    result = run(blog, posts, "--wait")
    assert result.exit_code == 0
    assert "no comments\n" in result.stdout
    assert next(looks) > 4


def test_the_report_can_be_json(blog: SmallBlog, posts: Path, comments: Path) -> None:
    (posts / "b.md").write_text("no heading")
    result = run(blog, posts, comments, "--wait", "--json")
    report = json.loads(result.stdout)
    assert report["posts"] == {"new": 2, "alreadyThere": 0, "failed": 1, "notSent": 0}
    assert report["comments"] == {"new": 5, "alreadyThere": 0, "failed": 0, "notSent": 2}
    assert report["settled"] == {"approved": 5}
    assert report["stopped"] is None
    assert 0 < report["seconds"] <= report["settledAfter"]


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
    assert "stopped: interrupted. Run the same command again" in output
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


def test_the_demo_loads_whole_and_shows_both_verdicts(blog: SmallBlog) -> None:
    demo = Path(__file__).parents[2] / "demo"
    blog.judge = lambda comment: "rejected" if "orange" in comment["content"] else "approved"
    result = run(blog, demo / "posts", demo / "comments.csv", "--wait", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["settled"].keys() == {"approved", "rejected"}


@pytest.mark.skipif("REAL_INPUT" not in os.environ, reason="REAL_INPUT names no folder of texts")
def test_real_posts_and_comments_come_back_as_they_were(blog: SmallBlog) -> None:
    source = Path(os.environ["REAL_INPUT"])
    result = run(blog, source / "posts", source / "comments.csv", "--wait")
    assert result.exit_code == 0, result.output
    files = sorted((source / "posts").glob("*.md"))
    assert len(blog.posts) == len(files)
    for file, post in zip(files, blog.posts, strict=True):
        text = file.read_bytes().decode()
        assert text.endswith(post["body"])
        assert text[: -len(post["body"])] in ("", text[: text.find("\n---\n") + 5])
