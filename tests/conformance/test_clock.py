"""The machine's clock is moved under a running broker, and over its restarts: nothing waits for it.

Local only. libfaketime moves the clock of the day alone, as an operator or NTP does.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conformance.local import LocalBroker, wait_until
from tests.conformance.probe import Answer
from tests.conformance.under_test import ProbeTrigger, an_event, publish

STUBBORN = {"retry": 100, "backoffPolicy": "linear", "backoffDelay": "PT0.1S", "timeout": "PT30S"}
LIBRARIES = sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"))

pytestmark = [
    pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed"),
    pytest.mark.skipif("config.getoption('cluster') is not None", reason="it moves a clock"),
]

JUMPS = ["-1h", "+40d"]


class Machine:
    """A broker on a machine whose clock can be moved, and a subscriber that has another."""

    def __init__(self, folder: Path) -> None:
        self._moved = folder / "moved"
        self.move("+0")
        environment = {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._moved),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.broker = LocalBroker(folder, [ProbeTrigger("t", delivery=STUBBORN)], environment)
        self._sent: tuple[float, float] | None = None

    def move(self, by: str) -> None:
        """From now on the clock is so far from the true time."""
        later = self._moved.with_suffix(".new")
        later.write_text(f"{by}\n", "utf-8")
        later.rename(self._moved)

    def publish(self) -> None:
        """Send an event that the broker takes in."""
        before = time.monotonic()
        assert publish(self.broker, an_event("t")) == 202
        self._sent = self._sent or (before, time.monotonic())

    def tells_the_truth(self) -> bool:
        """Whether `status` says how long the first event has waited."""
        assert self._sent
        earliest, latest = self._sent
        asked = time.monotonic()
        told = self.broker.status("t")["oldest_wait"]
        return bool(asked - latest - 0.1 <= told <= time.monotonic() - earliest + 0.1)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.broker.close()


@pytest.mark.parametrize("jump", JUMPS)
def test_while_the_subscriber_is_away(machine: Machine, jump: str) -> None:
    machine.broker.answer("t", Answer(503))
    machine.publish()
    machine.broker.deliveries("t", 2)
    machine.move(jump)
    tried = len(machine.broker.deliveries("t"))
    machine.broker.deliveries("t", tried + 2)
    machine.publish()
    assert machine.tells_the_truth()
    machine.broker.answer("t", Answer(202))
    wait_until(lambda: machine.broker.status("t")["delivered"] == 2, within=5)


@pytest.mark.parametrize("jump", JUMPS)
def test_while_the_broker_is_away(machine: Machine, jump: str) -> None:
    machine.broker.answer("t", Answer(503))
    machine.publish()
    machine.broker.deliveries("t", 4)
    machine.broker.kill()
    machine.move(jump)
    machine.broker.answer("t", Answer(202))
    machine.broker.start()
    wait_until(lambda: machine.broker.status("t")["delivered"] == 1, within=5)


def test_a_clock_that_was_ahead_for_a_while_delays_nothing_and_status_stays_true(
    machine: Machine,
) -> None:
    machine.broker.answer("t", Answer(503))
    machine.move("+40d")
    machine.publish()
    machine.broker.deliveries("t", 2)
    machine.move("+0")
    machine.publish()
    assert machine.tells_the_truth()
    machine.broker.kill()
    machine.move("-1h")
    machine.broker.start()
    assert machine.tells_the_truth()
    machine.publish()
    machine.broker.kill()
    machine.move("+2h")
    machine.broker.start()
    assert machine.tells_the_truth()
    machine.broker.answer("t", Answer(202))
    wait_until(lambda: machine.broker.status("t")["delivered"] == 3, within=5)
    assert machine.broker.status("t")["oldest_wait"] is None


def test_a_log_whose_due_times_are_far_ahead_is_delivered_at_the_next_start(
    machine: Machine,
) -> None:
    """As a version wrote them that measured by the clock of the day."""
    machine.broker.answer("t", Answer(503))
    machine.publish()
    machine.broker.deliveries("t", 1)
    machine.broker.kill()
    spoil(machine.broker.folder / "broker.db")
    machine.broker.answer("t", Answer(202))
    machine.broker.start()
    wait_until(lambda: machine.broker.status("t")["delivered"] == 1, within=5)


def spoil(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE delivery SET due = due + 40 * 86400")
        connection.commit()
