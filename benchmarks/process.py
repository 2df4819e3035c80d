"""A program under measurement, in a process group of its own: changes with how one is ended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 60.0  # seconds, on a busy machine


class NotMeasurable(Exception):
    """Something that the measurement needs is missing or does not work."""


class Process:
    """`with Process(...)` starts it and, at the end, stops it; what it says goes to `log`."""

    def __init__(
        self, command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self._log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603 - programs that this package names
                command, stdout=out, stderr=out, env=env, process_group=0
            )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None
    ) -> None:
        self.stop()

    def until(self, true: Callable[[], object], what: str) -> None:
        """Poll until `true()`; NotMeasurable, with the program's last words, if that ends first."""

        def true_or_ended() -> bool:
            if self._process.poll() is not None:
                words = self._log.read_text("utf-8", errors="replace").strip().splitlines()
                raise NotMeasurable(f"{what} has ended: {' / '.join(words[-3:])}")
            return bool(true())

        until(true_or_ended, what)

    def stop(self) -> None:
        """Ask it to end, wait, and see that nothing of its group is left."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)


def until(true: Callable[[], object], what: str, within: float = PATIENCE) -> None:
    """Poll until `true()`; NotMeasurable, naming `what` was waited for, after that many seconds."""
    deadline = time.monotonic() + within
    while not true():
        if time.monotonic() > deadline:
            raise NotMeasurable(f"waited {within:g} s for {what}")
        time.sleep(0.002)


def listens(port: int) -> bool:
    """Whether somebody on this machine does at that port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
