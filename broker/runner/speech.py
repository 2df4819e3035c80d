"""What a program says, line by line, from its pipe to the console."""

import asyncio
import os
from collections import deque

from broker.runner.console import Console

_LINE = 65_536  # longer lines are broken
# Seconds. Under load each line would wake the runner, which costs more than the line; a pipe holds
# some 250 lines until they are read.
GATHER = 0.02


class Speech:
    """What a program says; held back until it is known whether the start succeeds."""

    def __init__(self, name: str, words: asyncio.StreamReader, console: Console) -> None:
        self._name = name
        self._words = words
        self._console = console
        self._held: deque[bytes] | None = deque(maxlen=1_000)
        self.last = b""

    async def hear(self) -> None:
        rest = b""
        while chunk := await self._words.read(_LINE):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LINE:
                lines, rest = [*lines, rest], b""
            self._take(lines)
            await self._console.room()
            await asyncio.sleep(GATHER)
        self._take([rest])

    def _take(self, lines: list[bytes]) -> None:
        for line in filter(bytes.strip, lines):
            self.last = line
            if self._held is None:
                self._console.say(self._name, line)
            else:
                self._held.append(line)

    def let_out(self) -> None:
        held, self._held = self._held or (), None
        for line in held:
            self._console.say(self._name, line)


async def open_reader(descriptor: int) -> asyncio.StreamReader:
    # With this limit it leaves in the pipe what comes before the next read, and is not woken by it.
    reader = asyncio.StreamReader(limit=1)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader
