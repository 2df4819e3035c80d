"""The broker's clock: it goes on over restarts, and never back behind what the log holds."""

from pathlib import Path

import pytest

from broker.clock import Clock, Kept, set_clock, this_boot

HOUR = 3_600.0
DAY = 24 * HOUR
NOON = 1_800_000_000.0  # a wall clock that is right
NEW = Kept("", 0.0, 0.0, 0.0)


def started(kept: Kept, *, wall: float, up: float = 500.0, boot: str = "b") -> Clock:
    """The clock of a broker that starts when the machine has been up so long."""
    return set_clock(kept, boot, wall=wall, tick=lambda: up)


def test_a_new_log_takes_the_time_from_the_machines_clock() -> None:
    clock = started(NEW, wall=NOON)
    assert (clock.now(), clock.due()) == (NOON, NOON)


@pytest.mark.parametrize("jump", [0.0, -HOUR, -40 * DAY, 2.0, HOUR, 40 * DAY])
def test_over_a_restart_it_goes_on_however_the_machines_clock_was_moved(jump: float) -> None:
    kept = Kept("b", NOON - 500.0, NOON + 7, NOON + 9)
    clock = started(kept, wall=NOON + 60 + jump, up=560.0)
    assert (clock.now(), clock.due()) == (NOON + 60, NOON + 60)


@pytest.mark.parametrize("boot", ["another", ""])
def test_after_a_boot_of_the_machine_it_is_set_again_and_not_back(boot: str) -> None:
    kept = Kept(boot, 9.0, NOON, NOON)
    assert started(kept, wall=NOON + HOUR, boot=boot and "b").now() == NOON + HOUR
    assert started(kept, wall=NOON - HOUR, boot=boot and "b").now() == NOON


@pytest.mark.parametrize("latest", [NOON + 1, NOON + 40 * DAY, 4e9])
def test_what_was_to_wait_longer_is_due_at_the_start_and_later_ones_after_their_pause(
    latest: float,
) -> None:
    clock = started(Kept("b", NOON - 500.0, NOON, latest), wall=NOON)
    assert clock.now() == NOON
    assert clock.due() == latest
    assert clock.moment().due - clock.moment().taken == latest - NOON


def test_a_moment_has_the_machines_time_for_others_and_the_brokers_for_itself() -> None:
    clock = Clock(100.0, lead=5.0, tick=lambda: 1.0)
    moment = clock.moment()
    assert (moment.taken, moment.due) == (101.0, 106.0)
    assert moment.wall > NOON / 2


@pytest.mark.skipif(not Path("/proc/sys/kernel").exists(), reason="the machine tells no boot")
def test_a_boot_has_one_name() -> None:
    assert this_boot()
    assert this_boot() == this_boot()
