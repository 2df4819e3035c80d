"""`blog replay`: beside the running blog."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests.e2e.running import BLOG, RunningBlog, environment, eventually


def replay(blog: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [os.fspath(BLOG), "replay", *arguments, "--data", os.fspath(blog)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment(), timeout=120
    )


def test_a_damaged_read_model_is_found_and_mended_while_it_serves(tmp_path: Path) -> None:
    blog = RunningBlog(tmp_path / "data").start().ready()
    try:
        _, post = blog.ask("POST", "/posts", {"title": "A post"})
        where = f"/posts/{post['id']}"
        eventually(lambda: blog.ask("GET", where)[0] == 200)
        with closing(sqlite3.connect(blog.data / "query.db")) as read_model:
            read_model.execute("DELETE FROM posts")
            read_model.commit()

        found = replay(blog.data, "query", "--check")
        mended = replay(blog.data, "query", "--repair")

        assert (found.returncode, found.stdout) == (1, f"posts {post['id']} is missing\n")
        assert (mended.returncode, mended.stdout) == (0, found.stdout)
        eventually(lambda: blog.ask("GET", where)[0] == 200)
        assert replay(blog.data, "comments", "--check").returncode == 0
        unknown = replay(blog.data, "posts")
        assert "posts keeps no copy; comments, query, dead-letters do" in unknown.stderr
    finally:
        blog.kill()


def test_without_a_running_blog_it_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    answer = replay(tmp_path, "query")
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Error: no blog runs with the data folder {tmp_path}: start")
