"""A lane: so many deliveries at once, and a fault of our own is not the end of a delivery."""

import asyncio
from collections.abc import Callable
from time import time

import pytest

from broker.lane import AT_ONCE, Lane
from broker.records import Delivery
from broker.window import Window


def deliveries(count: int) -> list[Delivery]:
    """That many, all due."""
    return [Delivery(0.0, event, "t") for event in range(count)]


async def until(condition: Callable[[], bool]) -> None:
    """Let the others run until the condition holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - asked again in each turn of the loop
            await asyncio.sleep(0)


def test_a_lane_makes_a_bounded_number_of_attempts_at_once() -> None:
    async def run() -> None:
        gate, seen = asyncio.Event(), list[int]()

        async def deliver(delivery: Delivery) -> None:
            seen.append(delivery.event)
            await gate.wait()

        lane = Lane(Window(lambda n: deliveries(50)[:n]), deliver)
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

        async def deliver(_: Delivery) -> None:
            made.append(time())

        lane = Lane(Window(lambda _: []), deliver)
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
        async def deliver(_: Delivery) -> None:
            raise OSError("disk full")

        window = Window(lambda n: deliveries(1)[:n])
        lane = Lane(window, deliver)
        lane.start()
        await until(lambda: bool(caplog.records))
        due = window.next_due()
        assert due is not None
        assert due > time()
        await lane.stop(5)

    asyncio.run(run())
    assert caplog.records[0].getMessage() == "delivery could not be recorded"


def test_a_stop_waits_so_long_and_then_gives_up_what_is_under_way() -> None:
    async def run() -> None:
        ended = list[int]()

        async def deliver(_: Delivery) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(1)

        lane = Lane(Window(lambda n: deliveries(3)[:n]), deliver)
        lane.start()
        await lane.stop(0.05)
        assert len(ended) == 3
        lane.add(Delivery(0.0, 9, "t"))
        await asyncio.sleep(0)
        assert len(ended) == 3

    asyncio.run(run())
