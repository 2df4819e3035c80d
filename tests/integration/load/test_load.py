"""What a load puts on a blog, and what it says of it: changes when the verb `load` does."""

import json
import os
import shutil
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest
from click.testing import CliRunner

from broker.load import load
from tests.integration.load.small_blog import SmallBlog, problem
from tests.integration.load.verb import run, write


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


def test_it_goes_to_the_port_where_the_blog_was_started(blog: SmallBlog, posts: Path) -> None:
    there = CliRunner(env={"AUTHOR_TOKEN": None, "PORT": blog.url.rpartition(":")[2]})
    done = there.invoke(load, [str(posts)])
    assert done.exit_code == 0
    assert len(blog.posts) == 3


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


def test_the_demo_loads_whole_and_shows_both_verdicts(blog: SmallBlog) -> None:
    demo = Path(__file__).parents[3] / "demo"
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
