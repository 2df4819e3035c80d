"""A lane: so many deliveries at once, and a fault of our own is not the end of a delivery."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import time

import pytest

from broker.clock import Clock
from broker.lane import PAUSE, Lane
from broker.pace import AT_ONCE, FIRST_PAUSE, LONGEST_PAUSE, Probing
from broker.records import Delivery, Stage
from broker.window import Window


def deliveries(count: int) -> list[Delivery]:
    """That many, all due."""
    return [Delivery(0.0, event, "t") for event in range(count)]


@dataclass
class Ticks:
    """A clock that a test moves."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


async def turns(count: int) -> None:
    """Let the others have so many turns of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    """Let the others run until the condition holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - asked again in each turn of the loop
            await asyncio.sleep(0)


def test_a_lane_makes_a_bounded_number_of_attempts_at_once() -> None:
    async def run() -> None:
        gate, seen = asyncio.Event(), list[int]()

        async def deliver(delivery: Delivery) -> bool:
            seen.append(delivery.event)
            await gate.wait()
            return True

        lane = Lane(Window(lambda n: deliveries(50)[:n]), deliver, time)
        lane.start()
        await until(lambda: len(seen) >= AT_ONCE)
        assert seen == list(range(AT_ONCE))
        gate.set()
        await until(lambda: len(seen) == 50)
        await lane.stop(5)

    asyncio.run(run())


def test_a_delivery_is_made_when_it_is_due_and_not_before() -> None:
    async def run() -> None:
        made = list[float]()

        async def deliver(_: Delivery) -> bool:
            made.append(time())
            return True

        lane = Lane(Window(lambda _: []), deliver, time)
        lane.start()
        due = time() + 0.1
        lane.add(Delivery(due, 1, "t"))
        await until(lambda: bool(made))
        assert due <= made[0] < due + 2
        await lane.stop(5)

    asyncio.run(run())


def test_a_delivery_that_could_not_be_recorded_is_logged_and_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        async def deliver(_: Delivery) -> bool:
            raise OSError("disk full")

        clock = Clock(0.0, tick=Ticks())
        lane = Lane(Window(lambda n: deliveries(1)[:n]), deliver, clock.due)
        lane.start()
        await until(lambda: bool(caplog.records))
        await turns(50)
        assert len(caplog.records) == 1
        await lane.stop(5)

    asyncio.run(run())
    assert caplog.records[0].getMessage() == "delivery could not be recorded"


@pytest.mark.parametrize("waiting", [10, 999, 1_500])
def test_a_log_that_cannot_be_written_is_not_asked_again_before_its_pause(waiting: int) -> None:
    """However many wait: what the window does not hold comes from the log as it stands there."""

    async def run() -> None:
        attempts, ticks = list[int](), Ticks()

        async def deliver(delivery: Delivery) -> bool:
            attempts.append(delivery.event)
            await asyncio.sleep(0)
            raise sqlite3.OperationalError("database or disk is full")

        lane = Lane(Window(lambda n: deliveries(waiting)[:n]), deliver, ticks)
        lane.start()
        first = min(waiting, AT_ONCE)
        await until(lambda: len(attempts) == first)
        await turns(200)
        assert len(attempts) == first
        ticks.now += PAUSE
        lane.look()
        await until(lambda: len(attempts) == 2 * first)
        await turns(200)
        assert len(attempts) == 2 * first
        assert set(attempts) == set(range(first))
        await lane.stop(5)

    asyncio.run(run())


def test_a_delivery_that_cannot_be_read_is_left_for_a_while_and_holds_up_no_other() -> None:
    async def run() -> None:
        held = {each.event: each for each in deliveries(1_500)}
        attempts = list[int]()

        async def deliver(delivery: Delivery) -> bool:
            attempts.append(delivery.event)
            await asyncio.sleep(0)
            if delivery.event == 3:
                raise ValueError("no JSON")
            del held[delivery.event]
            return True

        lane = Lane(Window(lambda n: sorted(held.values())[:n]), deliver, Ticks())
        lane.start()
        await until(lambda: len(held) == 1)
        await turns(50)
        assert attempts.count(3) == 1
        await lane.stop(5)

    asyncio.run(run())


def test_a_fault_of_reading_does_not_end_the_lane() -> None:
    async def run() -> None:
        faults = [sqlite3.OperationalError("disk I/O error")]
        made, ticks = list[int](), Ticks()

        def fetch(count: int) -> list[Delivery]:
            if faults:
                raise faults.pop()
            return deliveries(1)[:count]

        async def deliver(delivery: Delivery) -> bool:
            made.append(delivery.event)
            return True

        lane = Lane(Window(fetch), deliver, ticks)
        lane.start()
        await turns(20)
        assert made == []
        ticks.now += PAUSE
        lane.look()
        await until(lambda: made == [0])
        await lane.stop(5)

    asyncio.run(run())


class Away:
    """Another side that may be away, behind a lane of what is kept, on a clock driven by hand."""

    def __init__(self, count: int) -> None:
        self.held = {n: Delivery(n / 10, n, "t", Stage.KEPT, 6) for n in range(count)}
        self.ticks = Ticks(1_000.0)
        self.attempts: list[int] = []
        self.is_away = True
        self.lane = Lane(Window(self._fetch), self._deliver, self.ticks, Probing())

    def _fetch(self, count: int) -> list[Delivery]:
        return sorted(self.held.values())[:count]

    async def _deliver(self, delivery: Delivery) -> bool:
        self.attempts.append(delivery.event)
        await asyncio.sleep(0)
        if not self.is_away:
            del self.held[delivery.event]
            return True
        again = replace(delivery, due=self.ticks(), attempts=delivery.attempts + 1)
        self.held[delivery.event] = again
        self.lane.add(again)
        return False

    async def later(self, seconds: float) -> None:
        """Let the time go on, and the lane see it, as its timer would."""
        self.ticks.now += seconds
        self.lane.look()
        await turns(60)


def test_while_the_other_side_is_away_one_is_tried_at_a_time_each_time_another() -> None:
    async def run() -> None:
        away = Away(40)
        away.lane.start()
        await turns(60)
        assert away.attempts == list(range(AT_ONCE))
        pause = FIRST_PAUSE
        for expected in range(AT_ONCE, AT_ONCE + 6):
            await away.later(pause - 0.5)
            assert away.attempts[-1] == expected - 1
            await away.later(0.5)
            assert away.attempts[-1] == expected
            pause = min(LONGEST_PAUSE, pause * 2)
        assert len(away.attempts) == AT_ONCE + 6
        await away.lane.stop(5)

    asyncio.run(run())


def test_more_that_fails_meanwhile_postpones_no_attempt() -> None:
    async def run() -> None:
        away = Away(40)
        away.lane.start()
        await turns(60)
        for number in range(100, 300):
            away.ticks.now += 1
            away.held[number] = Delivery(away.ticks(), number, "t", Stage.KEPT, 6)
            away.lane.add(away.held[number])
            await turns(5)
        probes = len(away.attempts) - AT_ONCE
        assert 200 / LONGEST_PAUSE <= probes <= 200 / LONGEST_PAUSE + 3
        away.is_away = False
        await away.later(LONGEST_PAUSE)
        await until(lambda: not away.held)
        await away.lane.stop(5)

    asyncio.run(run())


def test_once_one_is_taken_all_go() -> None:
    async def run() -> None:
        away = Away(1_500)
        away.lane.start()
        await turns(60)
        await away.later(FIRST_PAUSE)
        assert len(away.attempts) == AT_ONCE + 1
        away.is_away = False
        await away.later(LONGEST_PAUSE)
        await until(lambda: not away.held)
        assert len(away.attempts) == AT_ONCE + 1 + 1_500
        await away.lane.stop(5)

    asyncio.run(run())


def test_a_stop_waits_so_long_and_then_gives_up_what_is_under_way() -> None:
    async def run() -> None:
        ended = list[int]()

        async def deliver(_: Delivery) -> bool:
            try:
                return await asyncio.Event().wait()
            finally:
                ended.append(1)

        lane = Lane(Window(lambda n: deliveries(3)[:n]), deliver, time)
        lane.start()
        await lane.stop(0.05)
        assert len(ended) == 3
        lane.add(Delivery(0.0, 9, "t"))
        await asyncio.sleep(0)
        assert len(ended) == 3

    asyncio.run(run())
