"""Files of a SQLite database that are removed while it is open: nothing is lost, and it goes on."""

import logging
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from eventing.database import StorageUnavailable
from eventing.sqlite import SQLite
from tests.integration.files import Running, another_process, running, until_checked
from tests.integration.notes import add, notes, schema
from tests.waiting import until

REMOVED = {
    "log": ("-wal",),
    "index": ("-shm",),
    "log and index": ("-wal", "-shm"),
    "file": ("",),
    "all": ("", "-wal", "-shm"),
}
each_way = pytest.mark.parametrize("ends", REMOVED.values(), ids=REMOVED)


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    return schema(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "notes.db"


def remove(file: Path, ends: tuple[str, ...]) -> None:
    for end in ends:
        Path(f"{file}{end}").unlink()


def has_told(caplog: pytest.LogCaptureFixture) -> bool:
    """Once, of this file: functions of other tests may tell of theirs."""
    told = [vars(each)["fields"] for each in caplog.records if "nothing is lost" in each.message]
    return told.count({"about": "notes.db"}) == 1


def kept(file: Path) -> list[str]:
    """What a fresh look at the file finds, once nobody has it open any more."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [text for (text,) in connection.execute("SELECT text FROM notes ORDER BY text")]


@each_way
def test_nothing_is_lost_and_it_goes_on(
    file: Path, migrations: Path, ends: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    with running(file, migrations) as one:
        add(one.database, "before")
        until_checked(one)
        remove(file, ends)
        until(lambda: has_told(caplog))
        add(one.database, "after")
        assert notes(one.database) == ["after", "before"]
        assert one.troubles == []

    assert kept(file) == ["after", "before"]
    assert has_told(caplog)


@each_way
def test_nothing_is_lost_where_two_processes_have_it_open(
    file: Path, migrations: Path, ends: tuple[str, ...]
) -> None:
    with running(file, migrations) as one:
        add(one.database, "ours")
        with another_process(file, migrations, "theirs"):
            until_checked(one)
            remove(file, ends)
            until(lambda: not is_moved(one))
            until(lambda: can_add(one, "after"))
            assert notes(one.database) == ["after", "ours", "theirs"]

    assert kept(file) == ["after", "ours", "theirs"]


def is_moved(one: Running) -> bool:
    engine = one.database.engine
    assert isinstance(engine, SQLite)
    return engine.shared.is_moved()


def can_add(one: Running, text: str) -> bool:
    try:
        add(one.database, text)
    except StorageUnavailable:
        return False
    return True


def test_what_was_committed_while_it_was_not_noticed_is_kept_too(
    file: Path, migrations: Path
) -> None:
    with running(file, migrations) as one:
        add(one.database, "a")
        until_checked(one)
        remove(file, ("-wal",))
        for number in range(50):
            until(partial(can_add, one, f"{number:02}"))

    assert len(kept(file)) == 51


def test_another_file_in_its_place_stops_writing_and_is_left_there(
    file: Path, migrations: Path, tmp_path: Path
) -> None:
    with running(file, migrations) as one:
        add(one.database, "before")
        until_checked(one)
        other = tmp_path / "other.db"
        other.write_bytes(file.read_bytes())
        other.rename(file)
        until(lambda: any("notes.db-replaced" in each.detail for each in one.troubles))
        with pytest.raises(StorageUnavailable):
            add(one.database, "after")
        assert notes(one.database) == ["before"]
        [old] = file.parent.glob("notes.db-replaced-*")
        assert old.name in one.troubles[0].detail
        assert kept(old) == ["before"]


def test_a_folder_in_its_place_hurts_nothing_that_is_open(file: Path, migrations: Path) -> None:
    with running(file, migrations) as one:
        add(one.database, "before")
        until_checked(one)
        file.unlink()
        file.mkdir()
        until(lambda: one.troubles)
        assert notes(one.database) == ["before"]
