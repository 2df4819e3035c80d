"""What an operator is told of the broker, and what its inspection finds."""

import asyncio
from pathlib import Path
from typing import Any

from broker.changes import Moved, Resumed
from broker.clock import FOR_GOOD
from broker.health import Health, Notices, lost
from broker.inspection import Inspection
from broker.log import EventLog
from broker.logfile import write_ahead_log
from broker.records import Delivery, Failure, Stage
from tests.unit.test_broker_log import taken, with_log

FAILURE = Failure("answered 422", 1, "http://s/", 422, "")


def health(log: EventLog, notices: Notices | None = None) -> Health:
    """That of a broker with this log."""
    heard: list[str] = []
    inspection = Inspection(log.file.path, damaged=heard.append, gone=heard.append)
    return Health(log, inspection, notices or Notices())


def reported(told: Health) -> dict[str, Any]:
    """As `GET /status` shows it."""
    return told.condition.report()


def test_all_is_well_with_a_new_log(tmp_path: Path) -> None:
    async def look(log: EventLog) -> None:
        assert health(log).condition.report() == {
            "troubles": [],
            "kept": {"waitingForPerson": 0, "retrying": 0},
            "database": {"damaged": None, "checkedAt": None},
        }

    with_log(tmp_path / "broker.db", look)


def test_only_what_was_refused_waits_for_a_person(tmp_path: Path) -> None:
    async def look(log: EventLog) -> None:
        for number, due in ((1, 5.0), (2, FOR_GOOD), (3, FOR_GOOD)):
            await log.record(taken(number, "a", "b"))
            waiting = Delivery(float(number), number, "a")
            await log.record(Moved(waiting, Delivery(due, number, "a", Stage.KEPT, 1), FAILURE))
        told = health(log)
        report = reported(told)
        assert report["kept"] == {"waitingForPerson": 2, "retrying": 1}
        [trouble] = report["troubles"]
        assert (trouble["kind"], trouble["about"]) == ("letter-waits", "a")
        assert trouble["detail"].startswith("the broker keeps 2 events that were refused")
        await log.record(Resumed(["a", "b"], 9.0))
        assert reported(told)["troubles"] == []

    with_log(tmp_path / "broker.db", look)


def test_what_waits_for_a_trigger_that_is_gone_waits_for_a_person(tmp_path: Path) -> None:
    async def look(log: EventLog) -> None:
        await log.record(taken(1, "gone"))
        await log.record(Resumed(["a"], 9.0))
        [trouble] = reported(health(log))["troubles"]
        assert (trouble["kind"], trouble["about"]) == ("letter-waits", "gone")

    with_log(tmp_path / "broker.db", look)


def test_a_log_that_was_set_aside_is_told_until_it_is_taken_away(tmp_path: Path) -> None:
    aside = tmp_path / "broker.db-damaged-20260131T120000000000Z"

    async def look(log: EventLog) -> None:
        told = health(log)
        aside.touch()
        write_ahead_log(aside).touch()
        [trouble] = reported(told)["troubles"]
        assert (trouble["kind"], trouble["about"]) == ("log-set-aside", aside.name)
        assert str(aside) in trouble["detail"]
        assert "delete it or move it away" in trouble["detail"]
        aside.rename(tmp_path / "elsewhere")
        assert reported(told)["troubles"] == []

    with_log(tmp_path / "broker.db", look)


def test_what_was_noticed_is_told(tmp_path: Path) -> None:
    async def look(log: EventLog) -> None:
        notices = Notices()
        notices.add(lost("broker.db-wal was gone at the start"))
        report = reported(health(log, notices))
        [trouble] = report["troubles"]
        assert trouble["kind"] == "database-damaged"
        assert "broker.db-wal was gone at the start" in trouble["detail"]
        assert report["database"]["damaged"] == trouble["detail"]

    with_log(tmp_path / "broker.db", look)


def inspect(path: Path) -> tuple[list[str], Inspection]:
    """What an inspection of that file finds, which nobody has open."""
    found: list[str] = []
    inspection = Inspection(path, damaged=found.append, gone=found.append)
    asyncio.run(inspection.read_all())
    return found, inspection


def a_log_of_many(path: Path) -> None:
    async def take(log: EventLog) -> None:
        await asyncio.gather(*(log.record(taken(number, "a")) for number in range(1, 501)))

    with_log(path, take)


def test_a_sound_log_is_found_sound(tmp_path: Path) -> None:
    a_log_of_many(tmp_path / "broker.db")
    found, inspection = inspect(tmp_path / "broker.db")
    assert found == []
    assert inspection.checked_at is not None


def test_any_page_that_is_overwritten_is_found(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    a_log_of_many(path)
    sound = path.read_bytes()
    pages = len(sound) // 4_096
    assert pages > 20
    for page in range(pages):
        spoilt = bytearray(sound)
        spoilt[page * 4_096 : (page + 1) * 4_096] = bytes([0xA5]) * 4_096
        path.write_bytes(spoilt)
        found, inspection = inspect(path)
        assert len(found) == 1, page
        assert "\n" not in found[0]
        assert inspection.checked_at is None


def test_a_file_that_is_deleted_or_replaced_while_it_is_open_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "broker.db"
    for name, replaced in (("broker.db-wal", False), ("broker.db-wal", True), ("broker.db", False)):
        found: list[str] = []

        async def look(
            log: EventLog, name: str = name, found: list[str] = found, *, replaced: bool = replaced
        ) -> None:
            await log.record(taken(log.next_id(), "a"))
            inspection = Inspection(path, damaged=found.append, gone=found.append)
            inspection.look_for_files()
            assert found == []
            (tmp_path / name).unlink()
            if replaced:
                (tmp_path / "new").touch()
                (tmp_path / "new").rename(tmp_path / name)
            inspection.look_for_files()

        with_log(path, look)
        how = "replaced" if replaced else "deleted"
        assert found == [f"{name} was {how} while the broker ran"]
