"""The event log's file: its owner's alone, put aside when nobody can read it, and only then."""

import asyncio
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from broker.log import EventLog, open_log
from broker.logfile import LogUnusable, set_aside, write_ahead_log
from tests.disks import disk, fill
from tests.unit.test_broker_log import taken, with_log

Spoil = Callable[[Path], None]


def change(statement: str) -> Spoil:
    """Change the database by a statement."""

    def spoil(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(statement)

    return spoil


def replace_by(content: bytes) -> Spoil:
    """Let other bytes stand there."""

    def spoil(path: Path) -> None:
        path.write_bytes(content)

    return spoil


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "file").touch()


def overwrite(first: int, size: int, filling: bytes = b"\xa5") -> Spoil:
    """Write other bytes over some of the file."""

    def spoil(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(first)
            file.write(filling * size)

    return spoil


SPOILED: dict[str, Spoil] = {
    "it is empty": replace_by(b""),
    "it is text": replace_by(b"no database" * 1_000),
    "it is zeros": replace_by(bytes(8_192)),
    "it is a directory": directory,
    "its first page is overwritten": overwrite(0, 4_096),
    "its tables are overwritten": overwrite(100, 4_096 - 100),
    "it is of a newer version": change("PRAGMA user_version = 9"),
    "a column has another name": change("ALTER TABLE event RENAME COLUMN ttl TO life"),
}


def use(path: Path) -> None:
    """A broker has run on that file and has been stopped."""

    async def take(log: EventLog) -> None:
        await log.record(taken(1, "a"))

    with_log(path, take)


def events(path: Path) -> int:
    """Open the log as a broker does; how many events it knows, once one more has come."""
    announced: list[object] = []

    async def run() -> int:
        log = open_log(path, announced.append)
        await log.record(taken(log.next_id(), "a"))
        known = log.counts()["a"]["waiting"]
        await log.close()
        return known

    return asyncio.run(run())


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_what_cannot_be_read_is_put_aside_and_a_new_log_begins(
    tmp_path: Path, spoil: Spoil
) -> None:
    path = tmp_path / "broker.db"
    use(path)
    spoil(path)
    spoiled = None if path.is_dir() else path.read_bytes()
    assert events(path) == 1
    [aside] = set_aside(path)
    assert aside.name.startswith("broker.db-damaged-2")
    if spoiled is None:
        assert (aside / "file").exists()
    else:
        assert aside.read_bytes()[100:] == spoiled[100:]
    assert events(path) == 2
    assert set_aside(path) == [aside]


def test_its_write_ahead_log_goes_with_it_and_never_meets_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    use(path)
    path.write_bytes(b"")
    write_ahead_log(path).write_bytes(b"what was not in the file yet")
    assert events(path) == 1
    [aside] = set_aside(path)
    assert write_ahead_log(aside).read_bytes() == b"what was not in the file yet"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE event ADD COLUMN more TEXT",
        "ALTER TABLE tally ADD COLUMN more INTEGER NOT NULL DEFAULT 0",
        "CREATE TABLE other (a)",
        "PRAGMA user_version = 0",
    ],
)
def test_what_another_version_has_only_added_is_left_alone(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "broker.db"
    use(path)
    change(statement)(path)
    assert events(path) == 2
    assert set_aside(path) == []


def test_an_empty_file_that_no_broker_has_used_is_a_new_log(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    path.touch()
    assert events(path) == 1
    assert set_aside(path) == []


def test_a_log_in_use_is_not_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"

    async def look(_: EventLog) -> None:
        with pytest.raises(LogUnusable, match="another broker runs on"):
            open_log(path, lambda _: None)

    with_log(path, look)
    assert set_aside(path) == []


def test_a_full_disk_is_named_and_nothing_is_put_aside(tmp_path: Path) -> None:
    with disk(tmp_path / "disk") as folder:
        path = folder / "broker.db"
        use(path)
        fill(folder)
        with pytest.raises(
            LogUnusable, match=r"cannot be the event log: .*: make room on the disk"
        ):
            open_log(path, lambda _: None)
        assert set_aside(path) == []


def test_a_file_without_rights_is_named_and_not_put_aside(tmp_path: Path) -> None:
    with disk(tmp_path / "disk") as folder:
        path = folder / "broker.db"
        use(path)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        with pytest.raises(LogUnusable, match="the right to write there"):
            open_log(path, lambda _: None)
        assert set_aside(path) == []


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    use(path)
    for name in ("broker.db", "broker.db.lock"):
        (tmp_path / name).chmod(0o644)  # as an older version left them

    async def look(log: EventLog) -> None:
        await log.record(taken(2, "a"))
        modes = modes_in(tmp_path)
        names = ("broker.db", "broker.db-shm", "broker.db-wal", "broker.db.lock")
        assert modes == dict.fromkeys(names, 0o600)

    with_log(path, look)


def modes_in(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def killed(path: Path) -> None:
    """A broker has run on that file and has ended as by a power cut."""

    async def take(log: EventLog) -> None:
        await log.record(taken(1, "a"))
        for ending in ("", "-wal", "-shm", ".lock"):
            source = path.with_name(path.name + ending)
            source.with_name(f"killed-{source.name}").write_bytes(source.read_bytes())

    with_log(path, take)
    for ending in ("", "-wal", "-shm", ".lock"):
        found = path.with_name(f"killed-{path.name}{ending}")
        found.rename(path.with_name(path.name + ending))


def noticed(path: Path) -> list[str]:
    """What the next start notices."""
    found: list[str] = []

    async def look(log: EventLog) -> None:
        found.extend(log.file.noticed)

    with_log(path, look)
    return found


def test_a_log_that_was_left_as_it_was_is_nothing_to_speak_of(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    assert noticed(path) == []
    assert noticed(path) == []
    killed(path)
    assert noticed(path) == []
    assert events(path) == 2


def test_a_write_ahead_log_that_was_deleted_is_noticed_once(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    killed(path)
    write_ahead_log(path).unlink()
    assert noticed(path) == ["broker.db-wal was gone at the start"]
    assert noticed(path) == []


def test_a_write_ahead_log_of_garbage_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    killed(path)
    write_ahead_log(path).write_bytes(b"garbage" * 1_000)
    assert noticed(path) == ["broker.db-wal could not be read at the start"]


def test_a_log_that_was_deleted_after_a_kill_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    killed(path)
    path.unlink()
    assert noticed(path) == ["broker.db was gone at the start"]
    assert events(path) == 1
