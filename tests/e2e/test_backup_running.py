"""A backup of a blog that is being written to, and the blog that is started from it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pytest

from tests.e2e.running import RunningBlog, eventually
from tests.e2e.test_verbs import verb

WRITERS = 6
SOME, MORE = 40, 120  # comments taken before the backup begins, and before the writing ends


class Writing:
    """What was accepted, in order: path in the read model and the document."""

    def __init__(self, blog: RunningBlog) -> None:
        self._blog = blog
        self._lock = Lock()
        self.accepted: list[tuple[str, dict[str, Any]]] = []
        self.stop = Event()

    def write(self) -> None:
        """Posts, each with comments, until told to stop."""
        while not self.stop.is_set():
            status, post = self._blog.ask("POST", "/posts", {"title": "Kept", "body": "whole"})
            assert status == 201
            self._note(f"/posts/{post['id']}", post)
            for _ in range(4):
                self._comment(post["id"])

    def _comment(self, post: str) -> None:
        path = f"/posts/{post}/comments"
        status, comment = self._blog.ask("POST", path, {"content": "An apple."})
        assert status in (201, 404)  # `comments` has not heard of the post yet
        if status == 201:
            self._note(f"{path}/{comment['id']}", comment)

    def _note(self, path: str, document: dict[str, Any]) -> None:
        with self._lock:
            self.accepted.append((path, document))


@pytest.fixture
def restored(tmp_path: Path) -> Iterator[RunningBlog]:
    """A blog of its own, not started yet."""
    blog = RunningBlog(tmp_path / "restored")
    yield blog
    if hasattr(blog, "process"):
        blog.stop()


def test_all_that_was_accepted_before_a_backup_under_load_settles_after_its_restore(
    blog: RunningBlog, restored: RunningBlog, tmp_path: Path
) -> None:
    archive, writing = tmp_path / "backup.tar.gz", Writing(blog)
    with ThreadPoolExecutor(WRITERS) as threads:
        writers = [threads.submit(writing.write) for _ in range(WRITERS)]
        try:
            eventually(lambda: len(writing.accepted) >= SOME)
            before = list(writing.accepted)
            made = verb(blog, "backup", str(archive))
            assert made.returncode == 0, made.stderr
            eventually(lambda: len(writing.accepted) >= len(before) + MORE)
        finally:
            writing.stop.set()
        for writer in writers:
            writer.result()  # nobody was refused meanwhile

    back = verb(restored, "restore", str(archive))
    assert back.returncode == 0, back.stderr
    restored.start().ready()

    for path, document in before:
        eventually(partial(settled, restored, path))
        kept = restored.ask("GET", path)[1]
        assert all(kept[name] == document[name] for name in ("id", "createdAt"))
    assert verb(restored, "dead").stdout == verb(blog, "dead").stdout
    refusal = verb(restored, "restore", str(archive), "--replace")
    assert "is in use" in refusal.stderr


def settled(blog: RunningBlog, path: str) -> bool:
    """The post is readable; the comment is, and judged."""
    status, document = blog.ask("GET", path)
    return status == 200 and document.get("status", "approved") == "approved"
