"""A SQLite file that is damaged: noticed, told, and never replaced unless it is a copy."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from eventing.database import Database, StorageUnavailable
from eventing.maintenance import Maintenance
from eventing.sqlite import SQLite
from eventing.sqlite_maintenance import SQLiteMaintenance
from tests.integration.files import (
    MANY,
    SOON,
    Running,
    fill,
    kill_after_writing,
    last_page,
    overwrite,
    running,
    until_checked,
)
from tests.integration.notes import add, notes, schema
from tests.waiting import until


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    return schema(tmp_path)


@pytest.fixture
def file(tmp_path: Path, migrations: Path) -> Path:
    """A database with many notes."""
    file = tmp_path / "data" / "notes.db"
    fill(file, migrations)
    return file


def read_counters(one: Running) -> int:
    with one.database.snapshot() as tx:
        return len(tx.rows("SELECT value FROM counters"))


def read_everything(one: Running) -> None:
    with one.database.snapshot() as tx:
        tx.rows("SELECT text FROM notes NOT INDEXED")
        tx.rows("SELECT text FROM notes ORDER BY text")  # from the index alone


def test_a_sound_file_is_called_sound(file: Path, migrations: Path) -> None:
    with running(file, migrations) as one:
        until_checked(one)
        assert one.maintenance.check().facts["damaged"] is None
        assert one.troubles == []


def test_a_damaged_page_stops_writing_and_is_told_with_the_newest_backup(
    file: Path, migrations: Path
) -> None:
    overwrite(file, last_page(file))
    before = file.read_bytes()
    for name in ("20260101T000000Z.tar.gz", "20260102T000000Z.tar.gz"):
        (file.parent / "backups").mkdir(exist_ok=True)
        (file.parent / "backups" / name).touch()

    with running(file, migrations) as one:
        until_checked(one)
        [trouble] = one.troubles
        assert (trouble.kind, trouble.about) == ("database-damaged", "notes.db")
        assert f"{file.parent / 'backups' / '20260102T000000Z.tar.gz'}" in trouble.detail
        with pytest.raises(StorageUnavailable), one.database.transaction() as tx:
            tx.execute("UPDATE counters SET value = 1")  # although that page is whole
        assert read_counters(one) == 1  # what is whole can be read
        with pytest.raises(StorageUnavailable):
            read_everything(one)

    assert file.read_bytes() == before


def test_damage_that_a_request_meets_first_is_told_too(file: Path, migrations: Path) -> None:
    with running(file, migrations) as one:
        until_checked(one)
        overwrite(file, last_page(file))
        one.database.close()  # what it has read before it need not read again
        with pytest.raises(StorageUnavailable):
            read_everything(one)
        until(lambda: one.troubles)
        with pytest.raises(StorageUnavailable):
            add(one.database, "new")


def test_a_damaged_copy_is_put_aside_and_made_again_while_the_function_runs(
    file: Path, migrations: Path
) -> None:
    overwrite(file, last_page(file))
    damaged = file.read_bytes()

    with running(file, migrations, replaceable=True) as one:
        until(lambda: one.is_checked() and not one.troubles)
        add(one.database, "new")
        assert notes(one.database) == ["new"]

    [aside] = file.parent.glob("notes.db-damaged-*")
    assert aside.read_bytes() == damaged


@pytest.mark.parametrize("content", [None, b"", b"This is no database. " * 1000])
def test_a_file_that_is_gone_empty_or_another_stops_writing_and_is_left_as_it_is(
    file: Path, migrations: Path, content: bytes | None
) -> None:
    replace(file, content)
    with running(file, migrations) as one:
        until(lambda: one.troubles)
        with pytest.raises(StorageUnavailable):
            add(one.database, "new")
        assert "blog restore" in one.troubles[0].detail
    assert (file.read_bytes() if file.exists() else None) == content


@pytest.mark.parametrize("content", [None, b"", b"This is no database. " * 1000])
def test_a_copy_that_is_gone_empty_or_another_is_made_again(
    file: Path, migrations: Path, content: bytes | None
) -> None:
    replace(file, content)
    with running(file, migrations, replaceable=True) as one:
        until(lambda: one.is_checked() and not one.troubles)
        add(one.database, "new")
        assert notes(one.database) == ["new"]


@pytest.mark.parametrize("replaceable", [True, False])
def test_a_folder_in_the_place_of_a_file_is_damage(
    file: Path, migrations: Path, *, replaceable: bool
) -> None:
    file.unlink()
    file.mkdir()
    with running(file, migrations, replaceable=replaceable) as one:
        if replaceable:
            until(lambda: one.is_checked() and not one.troubles)
            add(one.database, "new")
            assert notes(one.database) == ["new"]
        else:
            until(lambda: one.troubles)
            assert [each.kind for each in one.troubles] == ["database-damaged"]


def replace(file: Path, content: bytes | None) -> None:
    file.unlink()
    if content is not None:
        file.write_bytes(content)


def test_whoever_wants_an_empty_database_removes_what_is_beside_it(
    file: Path, migrations: Path
) -> None:
    file.unlink()
    file.with_name("notes.db.state").unlink()
    with running(file, migrations) as one:
        add(one.database, "new")
        assert notes(one.database) == ["new"]


def test_a_log_that_was_removed_after_a_kill_is_told_once_and_stops_nothing(
    file: Path, migrations: Path
) -> None:
    kill_after_writing(file, migrations, "lost")
    Path(f"{file}-wal").unlink()

    with running(file, migrations) as one:
        until_checked(one)
        assert ["write-ahead log" in each.detail for each in one.troubles] == [True]
        assert len(notes(one.database)) == MANY
        add(one.database, "new")
    with running(file, migrations) as one:
        until_checked(one)
        assert one.troubles == []


def test_log_and_index_that_were_removed_together_after_a_kill_are_missed_too(
    file: Path, migrations: Path
) -> None:
    kill_after_writing(file, migrations, "lost")
    for end in ("-wal", "-shm"):
        Path(f"{file}{end}").unlink()
    with running(file, migrations) as one:
        until(lambda: one.troubles)


def test_a_copy_whose_log_was_removed_is_made_again(file: Path, migrations: Path) -> None:
    kill_after_writing(file, migrations, "lost")
    Path(f"{file}-wal").unlink()
    with running(file, migrations, replaceable=True) as one:
        until(lambda: list(file.parent.glob("notes.db-damaged-*")))
        until(lambda: notes(one.database) == [])


def test_after_a_kill_nothing_is_lost_and_nothing_told(file: Path, migrations: Path) -> None:
    kill_after_writing(file, migrations, "kept")
    with running(file, migrations) as one:
        until_checked(one)
        assert one.troubles == []
        assert notes(one.database)[-1] == "kept"


def test_whoever_looked_with_another_program_after_a_kill_has_lost_nothing(
    file: Path, migrations: Path
) -> None:
    kill_after_writing(file, migrations, "kept")
    look_with_another_program(file, "SELECT count(*) FROM notes")
    assert not Path(f"{file}-wal").exists()
    with running(file, migrations) as one:
        until_checked(one)
        assert one.troubles == []
        assert notes(one.database)[-1] == "kept"


LOOK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute(sys.argv[2])
connection.close()
"""


def look_with_another_program(file: Path, statement: str) -> None:
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.close()"
    )
    subprocess.run([sys.executable, "-c", code, str(file), statement], check=True)


def test_the_check_needs_no_connection_that_requests_could_use(
    file: Path, migrations: Path
) -> None:
    with closing(Database(f"sqlite:///{file}", [migrations], pool_size=1)) as database:
        maintenance = Maintenance(database, seconds=SOON)
        with database.transaction():
            maintenance.worker.ensure_started()
            until(lambda: maintenance.check().facts["checkedAt"])
        maintenance.worker.ensure_stopped()


def test_a_copy_that_was_put_aside_is_kept_for_a_day(file: Path, migrations: Path) -> None:
    """It holds texts, and what is deleted later cannot be blanked in it."""
    overwrite(file, last_page(file))
    with running(file, migrations, replaceable=True) as one:
        until(lambda: one.is_checked() and not one.troubles)
    [aside] = file.parent.glob("notes.db-damaged-*")
    engine = one.database.engine
    assert isinstance(engine, SQLite)
    maintenance = SQLiteMaintenance(one.database, engine)
    maintenance.remove_old_ones()
    assert aside.exists()
    maintenance.remove_old_ones(keep=-1)
    assert not aside.exists()
