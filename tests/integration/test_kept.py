"""Answers kept in memory: never one that the database has gone beyond, whoever changed it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eventing.answer import Answer
from eventing.database import Database
from eventing.kept import Kept
from tests.databases import Databases
from tests.integration.notes import add, schema


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    return schema(tmp_path)


@pytest.fixture
def database(databases: Databases, migrations: Path) -> Iterator[Database]:
    database = Database(databases.url("notes"), [migrations])
    yield database
    database.close()


@pytest.fixture
def other(databases: Databases, migrations: Path) -> Iterator[Database]:
    """The same database with connections of its own, as another process has it."""
    database = Database(databases.url("notes"), [migrations])
    yield database
    database.close()


@pytest.fixture
def file(tmp_path: Path, migrations: Path) -> Iterator[Database]:
    """One on SQLite."""
    database = Database(f"sqlite:///{tmp_path}/notes.db", [migrations])
    yield database
    database.close()


class Asked:
    """Counts the notes when nothing is kept."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = Kept()
        self.times = 0

    def count(self, question: str = "how many?") -> int:
        with self._database.snapshot() as tx:

            def find() -> Answer:
                self.times += 1
                return Answer(body=str(tx.row("SELECT count(*) AS notes FROM notes")["notes"]))  # type: ignore[index]

            return int(self._kept.answer(tx, question, find).body)


def test_an_answer_is_of_now_whoever_wrote_last(database: Database, other: Database) -> None:
    asked = Asked(database)
    counted = [asked.count()]
    for number, writer in enumerate((database, other, other, database, database)):
        add(writer, f"note {number}")
        counted += [asked.count(), asked.count()]
    assert counted == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_an_answer_is_of_now_while_several_connections_write_and_read(database: Database) -> None:
    asked = Asked(database)

    def count_after_writing(number: int) -> tuple[int, int, int]:
        before = asked.count()
        add(database, f"note {number}")
        return before, asked.count(), asked.count()

    with ThreadPoolExecutor(4) as threads:
        for before, after, again in threads.map(count_after_writing, range(40)):
            assert before < after <= again
    assert asked.count() == 40


def test_each_connection_counts_by_itself(database: Database, other: Database) -> None:
    add(other, "a note")
    asked = Asked(database)
    assert asked.count() == 1
    with database.snapshot():  # whoever asks now needs a new connection
        add(other, "another")
        assert asked.count() == 2


def test_what_was_undone_changes_no_answer(database: Database) -> None:
    asked = Asked(database)

    def write_and_fail() -> None:
        with database.transaction() as tx:
            tx.execute("INSERT INTO notes VALUES ('a note')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert asked.count() == 0
    add(database, "a note")
    assert asked.count() == 1


def test_a_file_is_asked_the_same_once_between_two_changes(file: Database) -> None:
    asked = Asked(file)
    for _ in range(3):
        asked.count()
    assert asked.times == 1
    add(file, "a note")
    asked.count()
    asked.count("how many, as it were?")
    assert asked.times == 3


def test_a_snapshot_stays_of_the_version_that_it_told(file: Database) -> None:
    with file.snapshot() as tx:
        told = tx.version()
        add(file, "a note")
        assert tx.rows("SELECT * FROM notes") == []
        assert tx.version() == told
