"""When a subscriber is tried again: soon after a short absence, later after a long one."""

from itertools import pairwise

import pytest

from functions.dead_letters.schedule import AT_ONCE, GAP, LONGEST, QUICKEST, REST, Schedule

HOUR, DAY = 3_600.0, 86_400.0


def attempts(
    schedule: Schedule, end: float, *, letters: int = 1, answered: bool = False
) -> list[float]:
    """The moments of all attempts until then, each a failure."""
    found = []
    while schedule.due <= end:
        found.append(schedule.due)
        schedule.failed(schedule.due, letters=letters, answered=answered)
    return found


def pauses(moments: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(moments)]


def test_the_first_attempt_comes_a_second_after_the_start() -> None:
    assert Schedule(5.0).due == 5.0 + GAP


def test_the_pause_grows_to_ten_minutes_and_no_further() -> None:
    found = pauses(attempts(Schedule(0.0), 2 * DAY))
    assert found == pytest.approx(sorted(found))
    assert (found[0], found[-1]) == pytest.approx((GAP, LONGEST))


@pytest.mark.parametrize("away", [16.0, 60.0, 240.0, 900.0])
def test_the_end_of_an_absence_is_noticed_after_an_eighth_of_it(away: float) -> None:
    moments = attempts(Schedule(0.0), away)
    schedule = Schedule(0.0)
    for _ in moments:
        schedule.failed(schedule.due, letters=1, answered=False)
    assert schedule.due - away <= max(GAP, away / 8)


def test_on_one_machine_nobody_waits_longer_than_it_is_told() -> None:
    assert max(pauses(attempts(Schedule(0.0, longest=60.0), DAY))) == 60.0


def test_while_it_answers_every_letter_has_a_turn_within_one_long_pause() -> None:
    found = pauses(attempts(Schedule(0.0), DAY, letters=300, answered=True))
    assert min(found) == pytest.approx(QUICKEST)
    assert max(found) == pytest.approx(LONGEST / 300)


def test_one_at_a_time_finds_out_whether_it_is_there_and_then_several_go() -> None:
    schedule = Schedule(0.0)
    assert schedule.width == 1
    schedule.taken(1.0)
    assert (schedule.width, schedule.due) == (AT_ONCE, 1.0)
    schedule.failed(2.0, letters=9, answered=True)
    assert schedule.width == 1
    schedule.taken(3.0)
    schedule.rest(4.0, REST)
    assert schedule.width == 1


def test_a_sign_of_life_releases_it_but_never_within_a_second_of_an_attempt() -> None:
    schedule = Schedule(0.0)
    last = attempts(schedule, HOUR)[-1]
    assert schedule.due > last + 60.0
    schedule.release(last + 0.2)
    assert schedule.due == last + GAP
    schedule.failed(last + GAP, letters=1, answered=False)
    schedule.release(last + 60.0)
    assert schedule.due == last + 60.0


def test_a_release_never_puts_an_attempt_off() -> None:
    schedule = Schedule(0.0)
    schedule.rest(10.0, REST)
    schedule.release(10.0 + REST * 2)
    assert schedule.due == 10.0 + REST
