"""What people really wrote, through the functions and back: every text must come out as it was."""

import csv
import os
from pathlib import Path

import pytest

from broker.load.posts import Post, post_files, read_post
from tests.databases import Files
from tests.integration.blog import Blog, Document, document, pages

pytestmark = pytest.mark.skipif(
    "REAL_INPUT" not in os.environ, reason="REAL_INPUT names no folder of texts"
)


@pytest.fixture
def folder() -> Path:
    return Path(os.environ["REAL_INPUT"])


def read_comments(folder: Path) -> list[str]:
    with (folder / "comments.csv").open(encoding="utf-8", newline="") as file:
        return [row["content"] for row in csv.DictReader(file)]


def contents(blog: Blog, post: Document) -> list[str]:
    """The comments of a post that readers see."""
    found = pages(blog.functions["query"], f"/posts/{post['id']}/comments", "comments")
    return [comment["content"] for comment in found]


def test_every_real_post_and_comment_comes_back_exactly(tmp_path: Path, folder: Path) -> None:
    texts = [read_post(file) for file in post_files(folder / "posts")]
    comments = read_comments(folder)
    assert comments
    blog = Blog(Files(tmp_path))
    posts = [blog.write_post(title=text.title, body=text.body) for text in texts]
    blog.settle()
    for row, comment in enumerate(comments):
        blog.write_comment(posts[row % len(posts)]["id"], content=comment)
    blog.settle()
    read = [document(blog.functions["query"].get(f"/posts/{post['id']}")) for post in posts]
    assert [Post(post["title"], post["body"]) for post in read] == texts
    assert [contents(blog, post) for post in posts] == [
        comments[number :: len(posts)] for number in range(len(posts))
    ]
