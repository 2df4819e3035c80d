"""A log that is damaged is put aside, and the broker goes on. Local only."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from broker.logfile import set_aside
from eventing.cloudevent import write_binary
from tests.conformance.conftest import StartBroker
from tests.conformance.local import LocalBroker, wait_until
from tests.conformance.probe import Answer
from tests.conformance.under_test import ProbeTrigger, an_event, post

PATIENT = {"retry": 0, "timeout": "PT60S"}


def publish_large(broker: LocalBroker, count: int) -> None:
    """So many events that most of them are in the file, not in the write-ahead log."""
    for _ in range(count):
        attributes, _ = write_binary(an_event("t"))
        assert post(broker.publish_url, attributes, b"x" * 20_000) == 202


def overwrite(path: Path) -> None:
    """Write other bytes over all pages but the first three."""
    size = path.stat().st_size
    assert size > 1_000_000
    with path.open("r+b") as file:
        file.seek(3 * 4_096)
        file.write(b"\xa5" * (size - 3 * 4_096))


def while_it_runs(broker: LocalBroker, gate: Event) -> None:
    overwrite(broker.folder / "broker.db")
    gate.set()


def while_it_is_away(broker: LocalBroker, gate: Event) -> None:
    broker.kill()
    gate.set()
    overwrite(broker.folder / "broker.db")
    broker.start()


@pytest.mark.parametrize("spoil", [while_it_runs, while_it_is_away])
def test_an_overwritten_log_is_put_aside_and_the_broker_goes_on(
    start_broker: StartBroker, spoil: Callable[[LocalBroker, Event], None]
) -> None:
    broker = start_broker([ProbeTrigger("t", delivery=PATIENT)])
    gate, path = Event(), broker.folder / "broker.db"
    broker.answer("t", Answer(after=gate))
    publish_large(broker, 300)
    spoil(broker, gate)
    wait_until(lambda: bool(set_aside(path)))
    event = an_event("t", correlationid="afterwards")
    attributes, _ = write_binary(event)
    wait_until(lambda: post(broker.publish_url, attributes, b"") == 202)
    wait_until(lambda: event.id in [one.event.id for one in broker.deliveries("t")])
    [aside] = set_aside(path)
    [trouble] = [one for one in broker.troubles() if one["kind"] == "log-set-aside"]
    assert trouble["about"] == aside.name
    aside.unlink()
    assert [one for one in broker.troubles() if one["kind"] == "log-set-aside"] == []
    told = [line for line in broker.log_lines() if line.get("kind") == "log-set-aside"]
    assert [(line["level"], line["event"]) for line in told] == [
        ("error", "trouble"),
        ("error", "trouble ended"),
    ]


def test_a_file_that_is_no_log_is_put_aside_at_the_start(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("t")])
    broker.terminate()
    broker.process.wait(20)
    (broker.folder / "broker.db").write_bytes(b"no database" * 1_000)
    broker.start()
    [trouble] = [one for one in broker.troubles() if one["kind"] == "log-set-aside"]
    assert trouble["about"].startswith("broker.db-damaged-")


def test_a_write_ahead_log_that_was_deleted_is_told(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("t")])
    broker.kill()
    (broker.folder / "broker.db-wal").unlink()
    broker.start()
    [trouble] = broker.troubles()
    assert (trouble["kind"], trouble["about"]) == ("database-damaged", "broker.db")
    assert trouble["detail"].startswith("broker.db-wal was gone at the start, so events may be")
