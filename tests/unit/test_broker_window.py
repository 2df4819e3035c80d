"""The window over a Trigger's deliveries: bounded, in order of due time, nothing twice or lost."""

import random
from dataclasses import replace

from broker.records import Delivery
from broker.window import Window


class Log:
    """What the event log holds of one Trigger."""

    def __init__(self, *deliveries: Delivery) -> None:
        self.held = {each.event: each for each in deliveries}
        self.reads = 0

    def first_due(self, limit: int) -> list[Delivery]:
        """As the event log answers."""
        self.reads += 1
        return sorted(self.held.values())[:limit]


def due(at: float, event: int, attempts: int = 0) -> Delivery:
    """A delivery of that event, due at that time."""
    return Delivery(at, event, "t", attempts=attempts)


def test_what_is_due_first_comes_first_and_nothing_before_its_time() -> None:
    window = Window(Log(due(3, 1), due(1, 2), due(2, 3)).first_due)
    assert window.take(0.5) is None
    assert [window.take(2.5), window.take(2.5), window.take(2.5)] == [due(1, 2), due(2, 3), None]
    assert window.next_due() == 3


def test_a_delivery_seen_in_the_log_and_announced_later_is_taken_once() -> None:
    window = Window(Log(due(1, 1), due(1, 2)).first_due)
    assert window.take(9) == due(1, 1)
    window.add(due(1, 1))
    window.add(due(1, 2))
    assert [window.take(9), window.take(9)] == [due(1, 2), None]


def test_a_retry_announced_before_its_attempt_has_ended_is_taken() -> None:
    log = Log(due(1, 1))
    window = Window(log.first_due)
    first = window.take(1)
    assert first == due(1, 1)
    window.add(due(2, 1, attempts=1))
    assert window.take(2) == due(2, 1, attempts=1)
    window.end(first)
    log.held[1] = due(2, 1, attempts=1)
    window.add(due(2, 1, attempts=1))
    assert window.take(9) is None


def test_a_full_window_leaves_the_later_ones_in_the_log() -> None:
    log = Log()
    window = Window(log.first_due, size=2)
    assert window.next_due() is None
    for event in range(5):
        log.held[event] = due(10 - event, event)
        window.add(log.held[event])
    assert log.reads == 1
    taken = []
    while (delivery := window.take(99)) is not None:
        del log.held[delivery.event]
        window.end(delivery)
        taken.append(delivery.event)
    assert taken == [4, 3, 2, 1, 0]


def test_an_idle_window_that_holds_all_does_not_read_the_log() -> None:
    log = Log()
    window = Window(log.first_due)
    for _ in range(5):
        assert window.next_due() is None
    assert log.reads == 1


def test_a_long_random_history_delivers_each_event_the_right_number_of_times() -> None:
    chance = random.Random(7)  # noqa: S311 - a repeatable history, no secret
    log = Log()
    window = Window(log.first_due, size=5)
    under_way: list[Delivery] = []
    done: dict[int, int] = {}
    for step in range(5_000):
        if step < 2_000 and chance.random() < 0.5:
            log.held[step] = due(step, step)
            window.add(log.held[step])
        if len(under_way) < 4 and (taken := window.take(step)) is not None:
            under_way.append(taken)
        if under_way and chance.random() < 0.7:
            ended = under_way.pop(chance.randrange(len(under_way)))
            if ended.attempts < 2:
                again = replace(ended, due=step + chance.random() * 20, attempts=ended.attempts + 1)
                log.held[ended.event] = again
                window.add(again)
            else:
                done[ended.event] = done.get(ended.event, 0) + 1
                del log.held[ended.event]
            window.end(ended)
    assert log.held == {}
    assert len(done) > 900
    assert set(done.values()) == {1}
