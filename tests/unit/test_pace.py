"""How fast a relay goes: full speed while the broker answers, single probes while it does not."""

from eventing.pace import CONCURRENCY, FIRST_PAUSE, LONGEST_PAUSE, Pace

NOW = 1_000_000  # milliseconds


def failing(rounds: int, now: int = NOW) -> Pace:
    """After so many rounds in each of which another event failed."""
    pace = Pace()
    for event in range(rounds):
        pace.failed(now, [event])
    return pace


def test_as_many_events_are_handed_out_as_may_be_under_way() -> None:
    assert Pace().room(NOW, 0) == CONCURRENCY
    assert Pace().room(NOW, CONCURRENCY - 1) == 1
    assert Pace().room(NOW, CONCURRENCY) == 0


def test_one_failure_says_nothing_about_the_broker_so_a_probe_follows_at_once() -> None:
    pace = failing(1)

    assert pace.probing
    assert pace.room(NOW, 5) == 1
    assert pace.next_probe(NOW) is None


def test_an_event_that_fails_again_and_again_holds_up_no_other() -> None:
    pace = Pace()
    for _ in range(9):
        pace.failed(NOW, [1])

    assert pace.room(NOW, 0) == 1


def test_many_events_that_fail_together_are_followed_by_a_probe_at_once() -> None:
    pace = Pace()
    pace.failed(NOW, range(CONCURRENCY))
    assert pace.room(NOW, 0) == 1

    pace.failed(NOW, [1])
    assert pace.room(NOW, 0) == 0


def test_the_pause_between_probes_grows_up_to_a_bound() -> None:
    probes = [failing(rounds).next_probe(NOW) for rounds in range(2, 7)]

    assert [probe - NOW for probe in probes if probe] == [
        FIRST_PAUSE,
        2 * FIRST_PAUSE,
        LONGEST_PAUSE,
        LONGEST_PAUSE,
        LONGEST_PAUSE,
    ]
    assert failing(2).room(NOW + FIRST_PAUSE - 1, 0) == 0
    assert failing(2).room(NOW + FIRST_PAUSE, 0) == 1


def test_a_probe_without_an_answer_holds_up_the_next_for_the_longest_pause_at_most() -> None:
    pace = failing(1)
    pace.handed_out(NOW)

    assert pace.room(NOW + LONGEST_PAUSE - 1, 1) == 0
    assert pace.room(NOW + LONGEST_PAUSE, 1) == 1


def test_events_that_have_been_under_way_for_long_hold_up_no_probe() -> None:
    assert failing(1).room(NOW, CONCURRENCY - 1) == 1
    assert failing(1).room(NOW, CONCURRENCY) == 0


def test_an_answer_gives_full_speed() -> None:
    pace = failing(9)
    pace.answered()

    assert not pace.probing
    assert pace.room(NOW, 0) == CONCURRENCY
    assert pace.next_probe(NOW) is None
