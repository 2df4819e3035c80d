"""The console: lines go out whole, and nobody who does not read makes the runner wait."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from broker.runner.console import BACKLOG, Console

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", 0), os.fdopen(writing, "wb", 0):
        yield reading, writing


def fill(console: Console) -> None:
    """Say more than a pipe and the backlog hold."""
    for _ in range(BACKLOG // 1_000 + 1):
        console.say("posts", b"x" * 999)


def test_lines_arrive_whole_and_in_order(pipe: Pipe) -> None:
    async def speak() -> None:
        console = Console(pipe[1])
        console.say("posts", b"one")
        console.say("query", b"two")
        console.write_rest()

    asyncio.run(speak())
    assert os.read(pipe[0], 100) == b"one\ntwo\n"


def test_what_nobody_reads_does_not_keep_the_end_waiting(pipe: Pipe) -> None:
    async def speak() -> None:
        console = Console(pipe[1])
        fill(console)
        console.write_rest()

    asyncio.run(asyncio.wait_for(speak(), 5))
    assert os.read(pipe[0], 1_000) == b"x" * 999 + b"\n"


def test_a_program_that_says_too_much_waits_until_it_is_stopped(pipe: Pipe) -> None:
    async def speak() -> tuple[bool, bool]:
        console = Console(pipe[1])
        fill(console)
        waiting = asyncio.create_task(console.room())
        await asyncio.sleep(0)
        waited = not waiting.done()
        console.hurry()
        await waiting
        return waited, waiting.done()

    assert asyncio.run(asyncio.wait_for(speak(), 5)) == (True, True)


def test_a_program_goes_on_as_soon_as_somebody_reads(pipe: Pipe) -> None:
    async def speak() -> None:
        console = Console(pipe[1])
        fill(console)
        writing = asyncio.create_task(console.write())
        reading = asyncio.create_task(asyncio.to_thread(read_all, pipe[0], BACKLOG))
        await console.room()
        await reading
        writing.cancel()

    asyncio.run(asyncio.wait_for(speak(), 10))


def read_all(descriptor: int, count: int) -> None:
    while count > 0:
        count -= len(os.read(descriptor, 65_536))


def test_a_reader_that_is_gone_is_no_error() -> None:
    async def speak() -> None:
        reading, writing = os.pipe()
        os.close(reading)
        console = Console(writing)
        console.say("posts", b"unheard")
        console.write_rest()
        os.close(writing)

    asyncio.run(speak())
