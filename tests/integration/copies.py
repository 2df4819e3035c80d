"""Copies that replay makes anew, and a blog whose feeds they are made from: changes with replay."""

import io
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg2
from werkzeug.serving import make_server
from werkzeug.test import Client

from eventing.database import Database
from eventing.progress import Progress
from eventing.projection import Projection
from eventing.reading import Peer
from eventing.rebuild import Rebuild, under_way
from eventing.replay import Replay
from eventing.upkeep import Pace, Upkeep
from functions.comments import store as comments
from functions.comments.projection import POSTS
from functions.query import store as query
from functions.query.projection import READ_MODEL
from tests.databases import Databases
from tests.integration.blog import Blog, Document, document, history

Rows = dict[str, dict[str, Any]]
Pause = Callable[[float], None]


def progress() -> Progress:
    """Progress that nobody sees."""
    return Progress(io.StringIO())


class Copy:
    """A function's copy, and the addresses of the feeds that it can be made from."""

    def __init__(self, projection: Projection, database: Database, feeds: list[Peer]) -> None:
        self.projection = projection
        self.database = database
        self.feeds = feeds

    def replay(self, meanwhile: Pause = lambda _: None, **options: Any) -> Replay:
        """A replay that calls `meanwhile` where it would pause: before all, and after each page."""
        known = {"feeds": self.feeds, "progress": progress(), "rate": 1_000_000}
        return Replay(self.database, self.projection, sleep=meanwhile, **{**known, **options})

    def rebuild(self, meanwhile: Pause = lambda _: None) -> None:
        """Make the copy anew."""
        replay = self.replay(meanwhile)
        replay.end(replay.fill(), take_place=True)

    def check(self) -> list[str]:
        """What is wrong with the copy."""
        replay = self.replay()
        rebuild = replay.fill()
        found = [str(difference) for difference in replay.differences(rebuild)]
        replay.end(rebuild, take_place=False)
        return found

    def upkeep(self, **pace: Any) -> Upkeep:
        """What keeps the copy as the histories say; a test calls its rounds."""
        known = {"interval": 1.0, "min_age": 0, "rate": 1_000_000, "settle": 0.0}
        return Upkeep(self.database, self.projection, self.feeds, pace=Pace(**{**known, **pace}))

    def begun(self) -> Rebuild | None:
        """The rebuild that is under way."""
        with self.database.snapshot() as tx:
            return under_way(tx, self.projection.tables)

    def rows(self) -> dict[str, Rows]:
        """Every row of every table, by its key."""
        with self.database.snapshot() as tx:
            return {
                table: {row["id"]: dict(row) for row in tx.rows(f"SELECT * FROM {table}")}  # noqa: S608
                for table in self.projection.tables
            }

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        try:
            with self.database.snapshot() as tx:
                tx.rows(f"SELECT id FROM {table}")  # noqa: S608
        except (sqlite3.OperationalError, psycopg2.errors.UndefinedTable):
            return False
        return True

    def run(self, *statements: str) -> None:
        """Do what no event would do."""
        with self.database.transaction() as tx:
            for statement in statements:
                tx.execute(statement)


class Story:
    """A blog of which posts were changed and deleted, and comments judged."""

    def __init__(self, databases: Databases, lifetime: ExitStack) -> None:
        self.blog = Blog(databases)
        self.kept = self.blog.write_post(title="Kept", body="v1")["id"]
        self.gone = self.blog.write_post(title="Gone", body="A secret")["id"]
        self.blog.settle()
        self.first = self.blog.write_comment(self.kept, content="First", author="Ann")["id"]
        for text in ("Second", "An orange"):
            self.blog.write_comment(self.kept, content=text)
        self.blog.write_comment(self.gone, content="A secret, too")
        self.change(body="v2")
        self.blog.settle()
        self.blog.delete(self.gone)
        self.blog.settle()
        self._copy(databases, lifetime)

    def _copy(self, databases: Databases, lifetime: ExitStack) -> None:
        feeds = [
            Peer(name, lifetime.enter_context(served(self.blog.functions[name])))
            for name in ("comments", "posts")
        ]
        read_model = query.open_database({"DATABASE_URL": databases.url("query")})
        copy = comments.open_database({"DATABASE_URL": databases.url("comments")})
        self.posts = Database(databases.url("posts"), [])
        for database in (read_model, copy, self.posts):
            lifetime.callback(database.close)
        self.query = Copy(READ_MODEL, read_model, feeds)
        self.comments = Copy(POSTS, copy, feeds[1:])

    def change(self, **members: object) -> Document:
        """Another version of the post that is kept, as `posts` answers it."""
        answer = self.blog.functions["posts"].patch(f"/posts/{self.kept}", json=members)
        assert answer.status_code == 200
        return document(answer)

    def spoil(self, **members: object) -> None:
        """A change of the post whose event says something else than its type promises."""
        changed = self.change(title="Spoilt")
        data = json.dumps({**changed, **members})
        with self.posts.transaction() as tx:
            last = "(SELECT max(position) FROM outbox)"
            tx.execute(f"UPDATE outbox SET data = ? WHERE position = {last}", data)  # noqa: S608

    def length(self) -> int:
        """How many events the feeds of the read model have."""
        return sum(len(history(self.blog.functions[name])) for name in ("comments", "posts"))


@contextmanager
def told(databases: Databases) -> Iterator[Story]:
    """The story, with its feeds served."""
    with ExitStack() as lifetime:
        yield Story(databases, lifetime)


@contextmanager
def served(client: Client) -> Iterator[str]:
    """The address of a function over HTTP."""
    server = make_server("127.0.0.1", 0, client.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
