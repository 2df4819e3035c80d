"""A function's own database: transactions, snapshots and the pool, whatever kind it is."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from eventing.database import Database, InvalidDatabaseURL
from tests.databases import Databases, of_every_kind
from tests.integration.notes import add, notes, schema

new_databases = of_every_kind
TO_THE_SERVER = pytest.mark.parametrize(
    "new_databases", ["sqlite", "postgres"], indirect=True, scope="module"
)  # a pooler gives out its own connections

BROKEN = (sqlite3.IntegrityError, psycopg2.IntegrityError)


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.url("notes")


@pytest.fixture
def database(url: str, tmp_path: Path) -> Iterator[Database]:
    database = Database(url, [schema(tmp_path)])
    yield database
    database.close()


@pytest.fixture
def narrow(url: str, tmp_path: Path) -> Iterator[Database]:
    """The same, with a single connection."""
    database = Database(url, [schema(tmp_path)], pool_size=1)
    yield database
    database.close()


def test_what_a_transaction_wrote_is_there_for_another_process(
    database: Database, url: str
) -> None:
    add(database, "a")

    with closing(Database(url, [])) as another:
        assert notes(another) == ["a"]


def test_a_statement_says_how_many_rows_it_changed(database: Database) -> None:
    add(database, "a")
    add(database, "b")

    with database.transaction() as tx:
        assert tx.execute("UPDATE notes SET text = text || '!'") == 2
        assert tx.execute("DELETE FROM notes WHERE text = ?", "a!") == 1
        assert tx.row("SELECT text FROM notes WHERE text = ?", "a!") is None


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_rolls_back(database: Database, error: type[BaseException]) -> None:
    def fail_after_writing() -> None:
        with database.transaction() as tx:
            tx.execute("INSERT INTO notes VALUES ('a')")
            raise error

    with pytest.raises(error):
        fail_after_writing()
    assert notes(database) == []
    add(database, "b")  # the writing turn was given back


def test_a_snapshot_is_of_one_moment(database: Database) -> None:
    with database.snapshot() as tx:
        before = tx.rows("SELECT text FROM notes")
        add(database, "a")
        after = tx.rows("SELECT text FROM notes")

    assert before == after == []
    assert notes(database) == ["a"]


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.transaction() as tx:
        tx.execute("INSERT INTO notes VALUES ('a')")
        assert notes(database) == []


def test_writers_wait_for_their_turn_within_a_process_and_across(
    database: Database, url: str
) -> None:
    other = Database(url, [])
    databases = [database, other] * 4
    notes(database)

    def count(one: Database) -> None:
        for _ in range(10):
            with one.transaction() as tx:
                row = tx.row("UPDATE counters SET value = value RETURNING value")  # held
                tx.execute("UPDATE counters SET value = ?", row["value"] + 1 if row else None)

    with closing(other), ThreadPoolExecutor(len(databases)) as threads:
        list(threads.map(count, databases))

    with database.snapshot() as tx:
        assert [row["value"] for row in tx.rows("SELECT value FROM counters")] == [80]


def test_a_pool_of_one_serves_one_after_the_other(narrow: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: add(narrow, str(number)), range(40)))

    assert len(notes(narrow)) == 40


@TO_THE_SERVER
def test_a_connection_is_used_again(narrow: Database) -> None:
    mark(narrow)
    with pytest.raises(ValueError, match="mine"), narrow.transaction():
        raise ValueError("mine")

    assert is_marked(narrow)


@TO_THE_SERVER
def test_a_connection_that_failed_is_not_used_again(narrow: Database) -> None:
    mark(narrow)
    with pytest.raises((sqlite3.Error, psycopg2.Error)), narrow.transaction() as tx:
        tx.execute("INSERT INTO no_such_table VALUES (1)")

    assert not is_marked(narrow)


def mark(database: Database) -> None:
    """Make this one connection recognisable: a temporary table hides the real one from it only."""
    with database.transaction() as tx:
        tx.execute("CREATE TEMPORARY TABLE counters (value INTEGER)")


def is_marked(database: Database) -> bool:
    with database.snapshot() as tx:
        return tx.row("SELECT value FROM counters") is None


def test_a_fault_of_ours_is_not_called_unavailable(database: Database) -> None:
    add(database, "a")

    with pytest.raises(BROKEN):
        add(database, "a")


def test_a_reference_to_nothing_is_refused(database: Database) -> None:
    with pytest.raises(BROKEN), database.transaction() as tx:
        tx.execute("INSERT INTO children VALUES ('nobody')")


@pytest.mark.parametrize("url", ["", "notes.db", "sqlite://notes.db", "mysql://localhost/notes"])
def test_a_url_that_names_no_known_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidDatabaseURL, match="sqlite:///FILE"):
        Database(url, [])
