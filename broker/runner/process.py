"""One running copy of a program: how it starts, what it says, and that it ends as a whole.

The leash: beside each program runs a shell that leads a process group of its own, into which the
program is born, and that waits at a pipe whose other end only the runner holds. However the runner
ends, `kill -9` included, the pipe ends with it, and the shell kills the group: nginx's workers too.
A child between fork and exec still holds the pipe, and has joined the group before it lets go, so
there is no gap. Works on Linux and macOS.
"""

import asyncio
import os
from asyncio.subprocess import DEVNULL, STDOUT, Process
from contextlib import suppress
from dataclasses import dataclass
from signal import SIGKILL, Signals
from typing import Self

from broker.runner.console import Console
from broker.runner.programs import Command
from broker.runner.speech import Speech, open_reader

# Only SIGKILL and the pipe's end may end the leash; 0 is its own group, itself included.
_LEASH = "trap '' HUP INT QUIT TERM; read -r line; kill -9 0"
_LAST_WORDS = 1.0  # seconds for what a program has said to arrive after its end


@dataclass(frozen=True, slots=True)
class Lifeline:
    """The pipe whose end tells every leash that the runner is gone."""

    read_end: int
    write_end: int

    @classmethod
    def open(cls) -> Self:
        """A new pipe, close-on-exec: no program keeps either end."""
        return cls(*os.pipe())


class Running:
    """A program and its leash."""

    def __init__(self, program: Command, leash: Process, child: Process, speech: Speech) -> None:
        self.program = program
        self.pid = child.pid
        self.since = asyncio.get_running_loop().time()
        self._group = leash.pid
        self._child = child
        self._speech = speech
        self._leash_end = asyncio.create_task(leash.wait())
        self._child_end = asyncio.create_task(child.wait())
        self._heard = asyncio.create_task(speech.hear())

    @classmethod
    async def start(cls, program: Command, lifeline: Lifeline, console: Console) -> Self:
        leash = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            _LEASH,
            stdin=lifeline.read_end,
            stdout=DEVNULL,
            stderr=DEVNULL,
            env={},
            process_group=0,
        )
        try:
            return await cls._on_leash(program, leash, console)
        except BaseException:  # no program came to this leash: it must not stay behind
            leash.kill()
            await leash.wait()
            raise

    @classmethod
    async def _on_leash(cls, program: Command, leash: Process, console: Console) -> Self:
        # A pipe of our own: asyncio's would hide the end of a program while its workers hold it.
        read_end, write_end = os.pipe()
        try:
            speech = Speech(program.name, await open_reader(read_end), console)
            child = await asyncio.create_subprocess_exec(
                *program.command,
                stdin=DEVNULL,
                stdout=write_end,
                stderr=STDOUT,
                env=program.environment,
                process_group=leash.pid,
            )
        finally:
            os.close(write_end)
        return cls(program, leash, child, speech)

    async def ended(self) -> str:
        """Wait for the end, of every process in the group, and tell how it came about."""
        ends = {self._child_end, self._leash_end}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        self.kill()  # workers that outlive their parent, or a program that lost its leash
        await asyncio.wait(ends)
        await self._reap_orphans()
        await asyncio.wait({self._heard}, timeout=_LAST_WORDS)
        return how_it_ended(self._child_end.result())

    async def _reap_orphans(self) -> None:
        """Where we are a container's first process, we have inherited the program's workers."""
        with suppress(ChildProcessError, TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                while True:
                    ended, _ = os.waitpid(-self._group, os.WNOHANG)  # noqa: ASYNC222 - it returns
                    await asyncio.sleep(0 if ended else 0.01)

    def has_ended(self) -> bool:
        return self._child_end.done()

    def succeeded(self) -> bool:
        """Whether it has ended as a program does that did what it was for."""
        return self.has_ended() and self._child_end.result() == 0

    def send(self, signal: Signals) -> None:
        """Send `signal` to the program itself, not to its workers."""
        with suppress(ProcessLookupError):
            self._child.send_signal(signal)

    def kill(self) -> None:
        """End every process in the group now."""
        # PermissionError is macOS's word for a group of which only zombies are left.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._group, SIGKILL)

    def speak(self) -> None:
        """Let out what was said so far, and whatever comes at once."""
        self._speech.let_out()

    def last_line(self) -> str:
        return self._speech.last.decode(errors="replace").strip()


def how_it_ended(status: int) -> str:
    """A process's return code in words."""
    return f"exit status {status}" if status >= 0 else f"killed by {Signals(-status).name}"
