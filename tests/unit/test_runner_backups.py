"""The daily backups: when one is due, which ones go, and what is told when none can be made."""

import asyncio
import logging
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from broker.cli import main
from broker.runner.backups import Backups, due, name_of, overdue, room_for_backup, surplus
from broker.runner.console import Console
from broker.runner.folder import BACKUPS
from broker.runner.process import Lifeline
from tests.disks import disk
from tests.waiting import until

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def ago(**span: float) -> str:
    return name_of(NOW - timedelta(**span))


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        ([], True),
        ([ago(hours=25)], True),
        ([ago(hours=23), ago(days=9)], False),
        ([ago(hours=-5)], True),  # the clock was ahead
        (["before-the-move.tar.gz"], True),
    ],
)
def test_a_backup_is_due_when_none_is_younger_than_a_day(names: list[str], wanted: bool) -> None:
    assert due(names, NOW) is wanted


@pytest.mark.parametrize(
    ("newest", "hours_up", "late"),
    [(None, 0.9, False), (None, 1.1, True), (24.9, 30, False), (25.1, 30, True), (-5, 30, True)],
)
def test_a_backup_is_overdue_an_hour_after_it_was_due_or_the_blog_began(
    newest: float | None, hours_up: float, late: bool, tmp_path: Path
) -> None:
    (tmp_path / BACKUPS).mkdir()
    if newest is not None:
        (tmp_path / BACKUPS / ago(hours=newest)).touch()
    assert overdue(tmp_path, timedelta(hours=hours_up), NOW) is late


def test_seven_are_kept_and_those_of_nobody_s_naming_stay() -> None:
    names = [ago(days=days) for days in range(9)]
    assert surplus([*names, "before-the-move.tar.gz"], NOW) == [ago(days=8), ago(days=7)]


def test_those_of_a_clock_that_was_ahead_go_first() -> None:
    ahead = [ago(days=-days) for days in range(1, 8)]
    assert set(surplus([*ahead, ago(days=0), ago(days=1)], NOW)) <= set(ahead)


def test_names_sort_as_times_do() -> None:
    moments = [NOW + timedelta(hours=31 * n) for n in range(400)]
    assert sorted(map(name_of, reversed(moments))) == [name_of(moment) for moment in moments]


@dataclass
class Disk:
    """A data folder, a clock and a disk that says what it is told to."""

    data: Path
    now: datetime = NOW
    full: str | None = None
    looked: int = 0

    def room(self, _data: Path) -> str | None:
        self.looked += 1
        return self.full

    def names(self) -> list[str]:
        return sorted(file.name for file in (self.data / "backups").glob("*"))


@pytest.fixture
def kept(tmp_path: Path) -> Disk:
    data = tmp_path / "data"
    data.mkdir()
    make_database(data / "broker.db")
    return Disk(data)


def make_database(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")


def back_up(kept: Disk, until_done: Callable[[], object]) -> None:
    """Run the backups until `until_done`, in a thread of its own, has seen what it waits for."""
    backups = Backups(kept.data, {}, kept.room, lambda: kept.now)

    async def run() -> None:
        lifeline = Lifeline.open()
        working = asyncio.create_task(backups.make_daily(lifeline, Console(), first=0, again=0.05))
        await asyncio.to_thread(until_done)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working

    asyncio.run(run())


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, str]]:
    """What was said at level error, with its fields."""
    lines = [record for record in caplog.records if record.levelno == logging.ERROR]
    return [{"said": line.message, **line.__dict__["fields"]} for line in lines]


def test_one_is_made_each_day_whole_and_for_this_user_only_and_a_week_is_kept(kept: Disk) -> None:
    folder = kept.data / "backups"
    folder.mkdir()
    for days in range(1, 9):
        (folder / ago(days=days)).touch()
    (folder / "mine.tar.gz").touch()
    (folder / f".{ago(days=1)}-abcdef").mkdir()  # a backup that was killed
    kept.now += timedelta(hours=1)
    today = name_of(kept.now)
    back_up(kept, lambda: until(lambda: (folder / today).exists() and len(kept.names()) == 8))
    assert kept.names() == sorted([today, *(ago(days=days) for days in range(1, 7)), "mine.tar.gz"])
    assert stat.S_IMODE((folder / today).stat().st_mode) == 0o600
    back = ["restore", str(folder / today), "--data", str(kept.data.with_name("new"))]
    assert CliRunner().invoke(main, back).exit_code == 0


def test_a_disk_that_is_nearly_full_is_told_once_and_its_end_too(
    kept: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    def room_comes_back() -> None:
        until(lambda: kept.looked > 3)
        assert kept.names() == []
        kept.full = None
        until(lambda: len(told(caplog)) > 1)

    kept.full = "the disk is nearly full"
    back_up(kept, room_comes_back)
    assert [line["said"] for line in told(caplog)] == ["trouble", "trouble ended"]
    assert told(caplog)[0]["kind"] == "backup-missing"
    assert told(caplog)[0]["detail"] == "the disk is nearly full"
    assert kept.names() == [ago(days=0)]


def test_what_hinders_a_backup_is_told_and_the_good_ones_stay(
    kept: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    (kept.data / "posts.db").write_bytes(b"no database" * 1_000)
    (kept.data / "backups").mkdir()
    good = sorted(ago(days=days) for days in range(2, 10))
    for name in good:
        (kept.data / "backups" / name).touch()
    back_up(kept, lambda: until(lambda: told(caplog)))
    assert "posts.db cannot be read" in told(caplog)[0]["detail"]
    assert kept.names() == good


def test_the_room_that_a_backup_needs_is_known(kept: Disk, tmp_path: Path) -> None:
    assert room_for_backup(kept.data) is None
    with disk(tmp_path / "small") as small:
        (small / "broker.db").write_bytes(bytes(1_000_000))
        assert room_for_backup(small) is None
        (small / "query.db").write_bytes(bytes(1_000_000))
        assert "nearly full" in (room_for_backup(small) or "")
