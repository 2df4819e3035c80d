"""`blog run` as a person starts it, on free ports: changes with its options."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil

START_WITHIN = 90.0  # seconds, on a busy machine
STOP_WITHIN = 60.0  # each of three stages may take eight before what is left is killed
BLOG = Path(sys.executable).with_name("blog")
# Each program's port, counted from the first.
INGRESS, BROKER, POSTS, COMMENTS, MODERATION, QUERY, DEAD_LETTERS = range(7)


def eventually(true: Callable[[], object], within: float = START_WITHIN) -> None:
    """Poll until `true()`; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"not so within {within} s: {true}"
        time.sleep(0.02)


def free_ports(count: int) -> int:
    """The first of `count` consecutive free ports.

    Below those that the system gives to clients, and far from where a test run beside this looks.
    """
    blocks = 12_000 // count
    for block in range(blocks):
        first = 20_000 + (os.getpid() * 7_919 + block) % blocks * count
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise AssertionError("no free ports")


def environment(**changes: str) -> dict[str, str]:
    """The caller's environment without what would set the runner's options."""
    options = {"PORT", "BROKER_PORT", "FUNCTION_PORT", "DATA_DIR", "LOG_LEVEL", "AUTHOR_TOKEN"}
    return {k: v for k, v in os.environ.items() if k not in options} | changes


@dataclass
class RunningBlog:
    """A blog that has been started, ready or not."""

    data: Path
    env: Mapping[str, str] = field(default_factory=environment)
    command: tuple[str, ...] = (str(BLOG),)

    def __post_init__(self) -> None:
        self.port = free_ports(DEAD_LETTERS + 1)
        self.data.parent.mkdir(parents=True, exist_ok=True)
        self.words = self.data.with_suffix(".log")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def broker_url(self) -> str:
        return f"http://127.0.0.1:{self.port + BROKER}"

    def arguments(self) -> list[str]:
        ports = {"--port": self.port + INGRESS, "--broker-port": self.port + BROKER}
        values = {**ports, "--function-port": self.port + POSTS, "--data": self.data}
        return [*self.command, "run", *(str(part) for pair in values.items() for part in pair)]

    def start(self, log: int | None = None) -> "RunningBlog":
        with self.words.open("wb") as file:
            out = file if log is None else log
            self.process = subprocess.Popen(
                self.arguments(), stdout=out, stderr=out, env=self.env, process_group=0
            )
        return self

    def ready(self) -> "RunningBlog":
        eventually(lambda: "The blog is running" in self.said() or self.ended())
        assert not self.ended(), self.said()
        return self

    def said(self) -> str:
        return self.words.read_text("utf-8", errors="replace")

    def ended(self) -> bool:
        return self.process.poll() is not None

    def family(self) -> list[psutil.Process]:
        """Every process that the runner has started, and theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def program(self, words: str) -> psutil.Process:
        """The runner's own child whose command line has `words`."""
        return next(
            child
            for child in psutil.Process(self.process.pid).children()
            if words in " ".join(child.cmdline())
        )

    def stop(self, number: int = signal.SIGTERM) -> int:
        if not self.ended():
            self.process.send_signal(number)
        return self.process.wait(STOP_WITHIN)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def listens(self, place: int = INGRESS) -> bool:
        with closing(socket.socket()) as client:
            return client.connect_ex(("127.0.0.1", self.port + place)) == 0

    def ask(
        self, method: str, path: str, document: object = None, *, correlation: str | None = None
    ) -> tuple[int, Any]:
        """Through the ingress: status and JSON."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            headers = {"Content-Type": "application/json"} if document is not None else {}
            headers |= {"X-Correlation-Id": correlation} if correlation else {}
            body = json.dumps(document) if document is not None else None
            connection.request(method, f"/api{path}", body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")


def still_there(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that run still; psutil compares the times of creation too."""
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
