"""SQLite as a function's database: its file, its one writer, and what makes it unavailable."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eventing.database import Database, StorageUnavailable
from eventing.sqlite import SQLite
from tests.integration.notes import add, notes, schema
from tests.integration.processes import SPAWN, hold_claim, hold_write_lock, spawn


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    return schema(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "notes.db"


@pytest.fixture
def database(file: Path, migrations: Path) -> Iterator[Database]:
    """A database in a folder that does not exist yet."""
    database = Database(f"sqlite:///{file}", [migrations])
    yield database
    database.close()


@pytest.fixture
def narrow(file: Path, migrations: Path) -> Iterator[Database]:
    """The same, with a single connection."""
    database = Database(f"sqlite:///{file}", [migrations], pool_size=1)
    yield database
    database.close()


def test_nothing_is_opened_before_the_first_transaction(database: Database, file: Path) -> None:
    assert not file.parent.exists()
    assert notes(database) == []
    assert file.exists()


def test_a_commit_is_on_the_disk(database: Database) -> None:
    with database.snapshot() as tx:
        full = 2
        assert tx.row("PRAGMA synchronous")[0] == full  # type: ignore[index] # a pragma has a row
        assert tx.row("PRAGMA journal_mode")[0] == "wal"  # type: ignore[index]


def test_blanked_text_is_not_left_in_the_file(database: Database, file: Path) -> None:
    text = "nobody may read this again" * 50
    add(database, text)
    add(database, "something after it")
    with database.transaction() as tx:
        tx.execute("UPDATE notes SET text = '' WHERE text = ?", text)
    database.close()

    assert b"something after it" in file.read_bytes()
    assert b"nobody may read this again" not in file.read_bytes()


def test_a_folder_that_cannot_be_is_unavailable_until_it_can(
    database: Database, file: Path
) -> None:
    file.parent.write_text("a file where the folder should be")

    with pytest.raises(StorageUnavailable):
        add(database, "a")
    with pytest.raises(StorageUnavailable):
        is_alone(database)

    file.parent.unlink()
    add(database, "a")
    assert is_alone(database)
    assert notes(database) == ["a"]


def test_a_file_that_cannot_be_opened_is_unavailable(database: Database, file: Path) -> None:
    file.mkdir(parents=True)

    with pytest.raises(StorageUnavailable):
        add(database, "a")


def test_a_file_that_is_no_database_is_left_alone(database: Database, file: Path) -> None:
    file.parent.mkdir()
    file.write_text(text := "This is no database, and no time will make it one. " * 100)

    with pytest.raises(StorageUnavailable, match="not a database"):
        add(database, "a")
    assert file.read_text() == text


def test_a_full_disk_is_unavailable_and_changes_nothing(narrow: Database) -> None:
    add(narrow, "a")
    with narrow.transaction() as tx:
        tx.execute("PRAGMA max_page_count = 1")  # as many pages as there are, and none more

    with pytest.raises(StorageUnavailable):
        add(narrow, "b" * 100_000)
    assert notes(narrow) == ["a"]
    add(narrow, "c")  # there is room again: the bound went with its connection


def test_a_writer_that_never_gets_its_turn_is_told_so(
    database: Database, file: Path, tmp_path: Path
) -> None:
    add(database, "a")
    held, let_go = SPAWN.Event(), SPAWN.Event()
    process = spawn(hold_write_lock, file, held, let_go)
    assert held.wait(30)
    busy_here = Database(f"sqlite:///{tmp_path / 'other.db'}", [tmp_path / "migrations"])

    with busy_here.transaction(), ThreadPoolExecutor(2) as threads:
        across = threads.submit(add, database, "b")
        within = threads.submit(add, busy_here, "b")
        with pytest.raises(StorageUnavailable, match=r"^database is locked$"):
            across.result()
        with pytest.raises(StorageUnavailable, match="another writer of this process"):
            within.result()

    let_go.set()
    process.join()
    busy_here.close()
    add(database, "c")  # nobody kept the turn
    assert notes(database) == ["a", "c"]


def is_alone(database: Database) -> bool:
    with database.claim() as alone:
        return alone


def test_a_process_is_alone_when_every_other_has_ended_however_it_ended(
    database: Database, file: Path
) -> None:
    held, let_go = SPAWN.Event(), SPAWN.Event()
    process = spawn(hold_claim, file, held, let_go)
    assert held.wait(30)
    assert not is_alone(database)

    process.kill()
    process.join()
    assert is_alone(database)
    assert is_alone(database)
    assert not is_alone(Database(f"sqlite:///{file}", []))


def test_a_process_is_not_alone_beside_one_that_was_not_alone_itself(
    database: Database, file: Path
) -> None:
    held, let_go = SPAWN.Event(), SPAWN.Event()
    first = spawn(hold_claim, file, held, let_go)
    assert held.wait(30)
    second = Database(f"sqlite:///{file}", [])
    assert not is_alone(second)

    first.kill()
    first.join()

    assert not is_alone(database)


def test_who_starts_meanwhile_waits_until_the_first_has_done_what_only_it_may(
    database: Database, file: Path
) -> None:
    order = []
    came = threading.Event()

    def come_second() -> None:
        with Database(f"sqlite:///{file}", []).claim() as alone:
            came.set()
        order.append(alone)

    with ThreadPoolExecutor(1) as threads:
        with database.claim() as alone:
            second = threads.submit(come_second)
            assert came.wait(30)
            order.append(alone)
        second.result()

    assert order == [True, False]


def test_connections_come_and_go_without_being_taken_for_removed_files(file: Path) -> None:
    """The last one to close removes log and index, while another one may just be opened."""
    engine = SQLite(file)

    def come_and_go(_: int) -> None:
        for _ in range(100):
            engine.connect().close()

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(come_and_go, range(3)))
