"""Several requests, one commit: each keeps its own promise all the same."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eventing import outbox
from eventing.cloudevent import CloudEvent
from eventing.database import Database
from eventing.patience import LONGEST_AT_ONCE, answer_at_once, step_aside
from eventing.sqlite import _begin_writing
from eventing.sqlite_connection import Connection
from eventing.together import Group, when_durable
from tests.unit.outboxes import append, waiting


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "function.db"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{file}", [outbox.MIGRATIONS])
    append(database, "z1")
    yield database
    database.close()


@pytest.fixture
def other(database: Database, file: Path) -> Iterator[Database]:  # noqa: ARG001 - first
    """The same file as another process has it."""
    other = Database(f"sqlite:///{file}", [outbox.MIGRATIONS])
    assert waiting(other) == 1
    yield other
    other.close()


def adding(database: Database, *event_ids: str) -> Callable[[], str]:
    def add() -> str:
        append(database, *event_ids)
        return event_ids[0]

    return add


def test_all_of_a_group_is_durable_with_one_commit(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    commits: list[sqlite3.Connection] = []
    commit = Connection.commit

    def look() -> str:
        with other.snapshot() as tx:
            seen.append(outbox.waiting(tx))
        return "looked"

    def count(connection: Connection) -> None:
        if connection.release is not None:  # it holds the writing turn
            commits.append(connection)
        commit(connection)

    monkeypatch.setattr(Connection, "commit", count)
    group = [adding(database, "a1"), look, adding(database, "b1"), look]

    assert Group().answer(group) == ["a1", "looked", "b1", "looked"]
    assert (seen, len(commits), waiting(other)) == ([1, 1], 1, 3)


def test_one_that_fails_takes_nothing_from_the_others(database: Database) -> None:
    def fail() -> str:
        with database.transaction() as tx:
            outbox.append(tx, _event("b1"), entity="b")
            raise LookupError

    def refuse() -> str:
        try:
            return fail()
        except LookupError:
            return "refused"

    group = [adding(database, "a1"), refuse, adding(database, "c1")]

    assert Group().answer(group) == ["a1", "refused", "c1"]
    assert _ids(database) == ["z1", "a1", "c1"]


def test_one_that_would_wait_steps_aside_and_leaves_nothing(database: Database) -> None:
    def take_time() -> str:
        with database.transaction() as tx:
            outbox.append(tx, _event("b1"), entity="b")
            step_aside()
        return "b1"

    assert Group().answer([adding(database, "a1"), take_time]) == ["a1", None]
    assert _ids(database) == ["z1", "a1"]
    assert take_time() == "b1"


def test_a_database_that_fails_one_has_them_all_begin_anew(database: Database) -> None:
    said: list[str] = []

    def fail() -> str:
        try:
            append(database, "z1")  # there already
        except sqlite3.Error:
            return "handled"
        return "z1"

    def tell() -> str:
        when_durable(lambda: said.append("durable"))
        return "told"

    assert Group().answer([adding(database, "a1"), tell, fail]) == [None] * 3
    assert (_ids(database), said) == (["z1"], [])


def test_a_commit_that_fails_has_them_all_begin_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def tell() -> str:
        when_durable(lambda: said.append("durable"))
        monkeypatch.setattr(Connection, "commit", _full)
        return "told"

    assert Group().answer([adding(database, "a1"), tell]) == [None, None]
    monkeypatch.undo()
    assert (_ids(database), said) == (["z1"], [])


def test_what_follows_comes_once_all_is_durable(database: Database, other: Database) -> None:
    seen: list[list[str]] = []

    def tell() -> str:
        when_durable(lambda: seen.append(_ids(other)))
        return "told"

    Group().answer([tell, adding(database, "a1")])
    when_durable(lambda: seen.append(["at once"]))

    assert seen == [["z1", "a1"], ["at once"]]


def test_one_reads_what_it_has_written(database: Database) -> None:
    def write_and_read() -> list[str]:
        append(database, "a1")
        return _ids(database)

    assert Group().answer([write_and_read]) == [["z1", "a1"]]


def test_two_databases_are_not_committed_as_one(database: Database, tmp_path: Path) -> None:
    second = Database(f"sqlite:///{tmp_path / 'second.db'}", [outbox.MIGRATIONS])
    append(second, "z1")

    assert Group().answer([adding(database, "a1"), adding(second, "b1")]) == ["a1", None]
    assert (_ids(database), _ids(second)) == (["z1", "a1"], ["z1"])
    second.close()


def test_whoever_is_served_at_once_waits_neither_for_a_writer_nor_for_a_migration(
    database: Database, file: Path, tmp_path: Path
) -> None:
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    new = Database(f"sqlite:///{tmp_path / 'new.db'}", [outbox.MIGRATIONS])

    assert answer_at_once(adding(database, "a1")) is None
    assert Group().answer([adding(database, "a1")]) == [None]
    assert answer_at_once(adding(new, "a1")) is None

    writer.execute("COMMIT")
    writer.close()
    assert Group().answer([adding(database, "a1")]) == ["a1"]
    assert not (tmp_path / "new.db").exists()


def test_a_group_waits_for_a_writer_once_and_not_for_each_of_it(
    database: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []

    def begin(connection: sqlite3.Connection, wait: float) -> None:
        tries.append(wait)
        _begin_writing(connection, wait)

    monkeypatch.setattr("eventing.sqlite._begin_writing", begin)
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    group = [adding(database, f"{letter}1") for letter in "abcdefgh"]

    assert Group().answer(group) == [None] * 8
    assert tries == [LONGEST_AT_ONCE]
    writer.execute("COMMIT")
    writer.close()
    assert Group().answer(group) == [f"{letter}1" for letter in "abcdefgh"]


def _event(event_id: str) -> CloudEvent:
    return CloudEvent(id=event_id, source="/notes", type="NoteWritten", data=b"{}")


def _ids(database: Database) -> list[str]:
    with database.snapshot() as tx:
        return [row["id"] for row in tx.rows("SELECT id FROM outbox ORDER BY position")]


def _full(_: sqlite3.Connection) -> None:
    raise sqlite3.OperationalError("database or disk is full")
