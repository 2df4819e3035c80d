"""A producer's history is another one: restored from a backup, moved, or made again."""

import json
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from eventing import worker
from eventing.cloudevent import read_event
from eventing.database import Database
from eventing.reading import Peer
from eventing.subscriber import Subscriber
from eventing.upkeep import Upkeep
from tests.databases import Databases
from tests.integration.blog import STRUCTURED, client, deliveries, document
from tests.integration.copies import Copy, Story, served, told
from tests.postgres import program

Restore = Callable[[], object]
BackUp = Callable[[Databases, Path], Restore]


class Past:
    """A story whose author goes on after a backup of `posts` was made, and the copy follows."""

    def __init__(
        self, story: Story, databases: Databases, lifetime: ExitStack, first_worker: int
    ) -> None:
        self.story = story
        self.query = story.blog.functions["query"]
        self._databases = databases
        self._lifetime = lifetime
        self._first_worker = first_worker
        self._known = len(story.blog.events())
        self.before = story.query.rows()
        self.lost = ""

    def go_on(self) -> None:
        """A post more, a change, a deletion; none of them is in the backup."""
        story = self.story
        self.lost = story.blog.write_post(title="Lost")["id"]
        story.change(title="Changed after the backup")

    def deliver(self, upkeep: Upkeep) -> None:
        """Bring the copy whatever it has not had, as a broker would."""
        take = Subscriber(upkeep.subscriptions()).take
        for each in deliveries(self.story.blog.events()):
            if each.subscriber == "query":
                event = read_event({"content-type": STRUCTURED}, json.dumps(each.event).encode())
                assert take(event).status == 202

    def stop(self) -> None:
        """The functions end, as whoever restores a backup has them end."""
        worker.end(self._first_worker)

    def restart(self) -> None:
        """`posts` begins again, at another address: nothing that it had open is of use."""
        posts = self.story.blog.functions["posts"] = client("posts", self._databases)
        [comments, _] = self.story.query.feeds
        address = self._lifetime.enter_context(served(posts))
        self.story.query.feeds[:] = [comments, Peer("posts", address)]


@pytest.fixture
def past(databases: Databases) -> Iterator[Past]:
    first_worker = worker.count()
    with ExitStack() as lifetime:
        story = lifetime.enter_context(told(databases))
        story.query.upkeep().round()
        yield Past(story, databases, lifetime, first_worker)


def rows_put_back(databases: Databases, _: Path) -> Restore:
    """In the same tables of the same file or server: as after a fail-over that lost its tail."""
    with closing(Database(databases.url("posts"), [])) as database, database.transaction() as tx:
        for table in ("outbox", "posts"):
            tx.execute(f"CREATE TABLE saved_{table} AS SELECT * FROM {table}")  # noqa: S608

    def restore() -> None:
        database = Database(databases.url("posts"), [])
        with closing(database), database.transaction() as tx:
            for table in ("outbox", "posts"):
                tx.execute(f"DELETE FROM {table}")  # noqa: S608
                tx.execute(f"INSERT INTO {table} SELECT * FROM saved_{table}")  # noqa: S608
            # Positions are given out again, as they would be there.
            if databases.url("posts").startswith("sqlite"):
                tx.execute("UPDATE sqlite_sequence SET seq = (SELECT max(position) FROM outbox)")
            else:
                sequence = "pg_get_serial_sequence('outbox', 'position')"
                tx.rows(f"SELECT setval({sequence}, (SELECT max(position) FROM outbox))")  # noqa: S608

    return restore


def from_a_backup(databases: Databases, folder: Path) -> Restore:
    """With the tools of the database."""
    url = databases.url("posts")
    if url.startswith("sqlite"):
        return _file_put_back(Path(url.removeprefix("sqlite:///")), folder / "backup.db")
    return _dumped(url, folder / "backup.sql")


def _file_put_back(file: Path, backup: Path) -> Restore:
    with closing(sqlite3.connect(file)) as now, closing(sqlite3.connect(backup)) as then:
        now.backup(then)

    def restore() -> None:
        for beside in ("-wal", "-shm"):
            Path(f"{file}{beside}").unlink(missing_ok=True)
        backup.replace(file)

    return restore


def _dumped(url: str, backup: Path) -> Restore:
    schema = url.partition("//")[2].partition("@")[0]
    _run("pg_dump", "--clean", "--if-exists", "--table", f"{schema}.*", "--file", backup, url)
    return lambda: _run("psql", "--quiet", "--file", backup, url)


def _run(name: str, *arguments: str | Path) -> None:
    subprocess.run([program(name), *arguments], check=True, capture_output=True)


CASES: Mapping[str, tuple[BackUp, bool, bool]] = {
    "put back": (rows_put_back, True, False),
    "put back before it was compared": (rows_put_back, False, False),
    "put back and written again": (rows_put_back, True, True),
    "put back before it was compared and written again": (rows_put_back, False, True),
    "from a backup": (from_a_backup, True, False),
    "from a backup and written again": (from_a_backup, False, True),
}


@pytest.mark.parametrize(("back_up", "compared", "writing"), CASES.values(), ids=CASES)
def test_a_copy_that_is_newer_than_a_restored_history_follows_it(
    past: Past,
    databases: Databases,
    tmp_path: Path,
    back_up: BackUp,
    compared: bool,
    writing: bool,
) -> None:
    upkeep = past.story.query.upkeep()
    restore = back_up(databases, tmp_path)
    past.go_on()
    past.deliver(upkeep)
    if compared:
        upkeep.round()
    assert past.query.get(f"/posts/{past.lost}").status_code == 200

    past.stop()
    restore()
    past.restart()
    if writing:
        for title in ("One", "Two", "Three"):
            past.story.blog.write_post(title=title)
    upkeep = past.story.query.upkeep()
    for _ in range(3):  # it is noticed; compared from the start; compared with what came since
        upkeep.round()

    assert past.query.get(f"/posts/{past.lost}").status_code == 404
    assert document(past.query.get(f"/posts/{past.story.kept}"))["title"] == "Kept"
    assert past.story.query.check() == []
    if not writing:
        assert past.story.query.rows() == past.before
    assert "copy-repaired" in [trouble.kind for trouble in upkeep.check().troubles]


def test_a_history_that_was_made_again_leaves_nothing_of_the_one_before(
    past: Past, databases: Databases
) -> None:
    with closing(Database(databases.url("posts"), [])) as database, database.transaction() as tx:
        for table in ("outbox", "posts"):
            tx.execute(f"DELETE FROM {table}")  # noqa: S608
    new = past.story.blog.write_post(title="The first of all")["id"]
    upkeep = past.story.query.upkeep()

    for _ in range(3):
        upkeep.round()

    assert past.query.get(f"/posts/{past.story.kept}").status_code == 404
    assert past.query.get(f"/posts/{new}").status_code == 200


def test_what_a_replay_has_read_of_the_history_before_is_thrown_away(
    past: Past, databases: Databases, tmp_path: Path
) -> None:
    restore = rows_put_back(databases, tmp_path)
    past.go_on()
    past.story.query.replay().fill()
    restore()
    upkeep = past.story.query.upkeep()

    past.story.query.upkeep().round()
    with past.story.query.database.transaction() as tx:
        tx.execute("UPDATE compared SET doubted = 1")
    for _ in range(3):
        upkeep.round()

    assert past.story.query.rows() == past.before
    assert past.story.query.begun() is None


def test_two_copies_of_the_function_that_notice_it_at_once_make_one_whole_copy(
    past: Past, databases: Databases, tmp_path: Path
) -> None:
    restore = rows_put_back(databases, tmp_path)
    past.go_on()
    past.deliver(past.story.query.upkeep())
    past.story.query.upkeep().round()
    restore()
    other = Database(databases.url("query"), [])
    twin = Copy(past.story.query.projection, other, past.story.query.feeds)

    def rounds(upkeep: Upkeep) -> None:
        for _ in range(4):
            upkeep.round()

    threads = [
        threading.Thread(target=rounds, args=(copy.upkeep(),)) for copy in (past.story.query, twin)
    ]
    with closing(other):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert past.story.query.rows() == past.before


def test_a_history_that_is_the_same_is_not_taken_for_another(
    past: Past, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor after its function has begun again, at another address."""
    past.go_on()
    upkeep = past.story.query.upkeep()
    past.deliver(upkeep)
    past.restart()
    upkeep = past.story.query.upkeep()

    for _ in range(2):
        upkeep.round()

    assert "the history is another one" not in caplog.messages
    assert upkeep.check().troubles == []


def test_the_pages_of_another_history_are_refused(past: Past, databases: Databases) -> None:
    posts = past.story.blog.functions["posts"]
    link = posts.get("/events?limit=2").headers["Link"].partition(">")[0].removeprefix("<")
    assert posts.get(link).status_code == 200
    with closing(Database(databases.url("posts"), [])) as database, database.transaction() as tx:
        tx.execute("UPDATE history SET identity = 'another'")

    answer = posts.get(link)

    assert (answer.status_code, answer.content_type) == (410, "application/problem+json")
    assert "from the start" in document(answer)["detail"]
