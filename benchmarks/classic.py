"""The classic in-memory blog of Node.js in a folder of its own: changes with how that is asked."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import psutil

from benchmarks.line import Line
from benchmarks.process import NotMeasurable, Process, listens, until
from benchmarks.wrk import Shots

POSTS, COMMENTS, QUERY, MODERATION, BUS = 4000, 4001, 4002, 4003, 4005
PORTS = (POSTS, COMMENTS, QUERY, MODERATION, BUS)
IDLE_FOR = 0.4  # seconds


class Classic:
    """The running classic blog; its ports are fixed."""

    posts_port, comments_port, query_port = POSTS, COMMENTS, QUERY

    def __init__(self, pid: int) -> None:
        self._processes = psutil.Process(pid).children()

    @property
    def first_page(self) -> Shots:
        """The one page there is: everything."""
        return Shots(url=f"http://127.0.0.1:{QUERY}/posts")

    def comment_id(self, answer: object, content: str) -> str:
        """The answer is all comments of the post."""
        comments = cast("list[dict[str, Any]]", answer)
        return next(str(one["id"]) for one in comments if one["content"] == content)

    def is_approved(self, query: Line, post: str, comment: str) -> bool:
        """Somewhere in everything."""
        comments = query.ask("GET", "/posts").document[post]["comments"]
        return any(one["id"] == comment and one["status"] == "approved" for one in comments)

    def has(self, query: Line, posts: int) -> bool:
        """Count them all."""
        return len(query.ask("GET", "/posts").document) >= posts

    def settle(self) -> None:
        """Nobody knows what is on its way here: wait until the processes have nothing to do."""
        until(self._is_idle, "the classic blog to be idle", 300)

    def _is_idle(self) -> bool:
        before = self._used()
        time.sleep(IDLE_FOR)
        return self._used() - before < IDLE_FOR / 10

    def _used(self) -> float:
        times = [process.cpu_times() for process in self._processes]
        return sum(each.user + each.system for each in times)


def prepare(peer: Path, folder: Path) -> Path:
    """A copy of the folder with its packages; the original is never written to."""
    if not (peer / "package.json").is_file():
        raise NotMeasurable(f"PEER={peer} holds no package.json: name the classic blog's folder")
    copy = folder / "classic"
    shutil.copytree(peer, copy, ignore=shutil.ignore_patterns("node_modules"))
    for each in (copy, *copy.rglob("*")):
        each.chmod(each.stat().st_mode | 0o200)
    install = ["npm", "install", "--prefix", str(copy), "--no-audit", "--no-fund", "--silent"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise NotMeasurable(f"npm install in a copy of {peer}: {done.stderr.strip()}")
    return copy


@contextmanager
def classic_blog(copy: Path) -> Iterator[Classic]:
    """The blog in that folder, started anew: it has forgotten everything."""
    if taken := [port for port in PORTS if listens(port)]:
        raise NotMeasurable(f"the classic blog's ports are fixed, and {taken} are taken: free them")
    with Process(["node", str(copy / "all.js")], log=copy / "log.txt") as process:
        process.until(lambda: all(map(listens, PORTS)), "the classic blog")
        yield Classic(process.pid)
