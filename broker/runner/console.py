"""What the programs and the runner say, in whole lines on standard error.

Writing never waits for whoever reads: a reader that has stopped reading must not keep the runner
from hearing a signal. What may wait is a program that says too much (`room`).
"""

import asyncio
import json
import logging
import os
import select

from eventing.logs import JsonLines, in_words, printable

BACKLOG = 262_144  # bytes not yet written beyond which the programs' lines are not read on
_AT_ONCE = select.PIPE_BUF  # so much a pipe takes without blocking once it is ready at all


class Console:
    """Lines on their way to a file descriptor."""

    def __init__(self, descriptor: int = 2) -> None:
        self._descriptor = descriptor
        self._backlog = bytearray()
        self._readable = os.isatty(descriptor)
        self._hurried = False
        self._drained = asyncio.Event()
        self._drained.set()
        self._added = asyncio.Event()

    def say(self, name: str, line: bytes) -> None:
        """Add one line of the program `name`, without its end."""
        if len(self._backlog) > BACKLOG and self._hurried:
            return
        self._backlog += (readable(name, line) if self._readable else line) + b"\n"
        self._added.set()
        if len(self._backlog) > BACKLOG and not self._hurried:
            self._drained.clear()

    async def room(self) -> None:
        """Wait until what was said before has mostly been written."""
        await self._drained.wait()

    def hurry(self) -> None:
        """From now on lose lines rather than let a program wait: it is being stopped."""
        self._hurried = True
        self._drained.set()

    async def write(self) -> None:
        """Write what is said, until cancelled."""
        while True:
            await self._added.wait()
            self._added.clear()
            while self._backlog:
                if not self.write_some():
                    await asyncio.sleep(0.02)

    def write_some(self) -> bool:
        """Write as much as goes without waiting; whether any did."""
        try:
            if not _writable(self._descriptor):
                return False
            del self._backlog[: os.write(self._descriptor, self._backlog[:_AT_ONCE])]
        except OSError:  # the terminal or the pipe's reader is gone: nobody hears it
            self._backlog.clear()
        if len(self._backlog) <= BACKLOG:
            self._drained.set()
        return True

    def write_rest(self) -> None:
        """Write what a reader takes at once; the rest is lost."""
        while self._backlog and self.write_some():
            pass

    def handler(self) -> logging.Handler:
        """Sends log records of the runner itself here."""
        return _ConsoleHandler(self)


class _ConsoleHandler(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self.setFormatter(JsonLines("runner"))

    def emit(self, record: logging.LogRecord) -> None:
        self._console.say("runner", self.format(record).encode())


def readable(name: str, line: bytes) -> bytes:
    """A program's line for a person: its JSON in words, anything else with its name."""
    try:
        return in_words(json.loads(line)).encode()
    except (ValueError, TypeError, KeyError):
        return f"{'':8} {name:<12} {printable(line.decode(errors='replace'))}".encode()


def _writable(descriptor: int) -> bool:
    """Whether a write would not wait; `poll`, since `select` knows only the first 1,024 files."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))
