"""Sends posts in order and comments of different posts at once: changes when the order does."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from broker.load.api import Blog, NoPost, Refused
from broker.load.attempts import CONNECTIONS
from broker.load.comments import Comment, post_of
from broker.load.keys import key_of
from broker.load.posts import read_post
from broker.load.progress import Display
from broker.load.report import Count, Report
from broker.load.text import Fault


class Loading:
    """One load: what it sends where, and its report."""

    def __init__(self, blog: Blog, report: Report, display: Display) -> None:
        self._blog = blog
        self._report = report
        self._display = display
        self._lock = Lock()

    def run(self, files: Sequence[Path], rows: Iterable[Comment | Fault]) -> dict[str, set[str]]:
        """The ids of the comments that are on the blog, by the id of their post; raises Stopped."""
        piles = self._pile_up(rows, [file.name for file in files])
        sent: dict[str, Future[set[str]]] = {}
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            try:
                for file in files:
                    post = self._post(file)
                    if post is not None:
                        sent[post] = pool.submit(self._comments, post, piles[file.name])
                return {post: ids.result() for post, ids in sent.items()}
            except KeyboardInterrupt:
                raise self._blog.door.stop("interrupted") from None

    def _pile_up(
        self, rows: Iterable[Comment | Fault], names: Sequence[str]
    ) -> dict[str, list[Comment]]:
        """The comments of each file in row order.

        A file that cannot be read has its pile too: mending it must not move others' comments.
        """
        piles: dict[str, list[Comment]] = {name: [] for name in names}
        for row in rows:
            post = row if isinstance(row, Fault) else post_of(row, names)
            if isinstance(row, Fault) or isinstance(post, Fault):
                self._failed(self._report.comments, str(post))
            else:
                piles[post].append(row)
        return piles

    def _post(self, file: Path) -> str | None:
        try:
            post = read_post(file)
            content = {"title": post.title, "body": post.body}
            id_, new = self._blog.create_post(content, key_of(file))
        except Fault as fault:
            self._failed(self._report.posts, str(fault))
        except Refused as refusal:
            self._failed(self._report.posts, f"{file.name}: {refusal}")
        else:
            self._made(self._report.posts, new=new)
            return id_
        return None

    def _comments(self, post: str, pile: Sequence[Comment]) -> set[str]:
        ids: set[str] = set()
        for comment in pile:
            try:
                id_, new = self._blog.create_comment(post, comment.document(), comment.key)
            except Refused as refusal:
                self._failed(self._report.comments, f"{comment.where}: {refusal}")
                if isinstance(refusal, NoPost):
                    break
            else:
                self._made(self._report.comments, new=new)
                ids.add(id_)
        return ids

    def _made(self, count: Count, *, new: bool) -> None:
        with self._lock:
            count.made(new=new)
            posts, comments = self._report.posts, self._report.comments
            self._display.show(
                posts=(posts.loaded, posts.total), comments=(comments.loaded, comments.total)
            )

    def _failed(self, count: Count, why: str) -> None:
        with self._lock:
            count.fail()
            self._display.say(why)
