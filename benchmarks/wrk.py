"""The load generator: wrk, with one script; changes with what is sent and what it tells."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from benchmarks.process import NotMeasurable

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Shots:
    """What is sent, over and over; `#` in the body or a header is the request's number."""

    url: str
    method: str = "GET"
    body: str = ""
    headers: Sequence[str] = ()
    paths: Sequence[str] = ()
    """Take turns; without any it is the URL's."""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it; latencies in milliseconds."""

    requests: int
    seconds: float
    refused: int
    failed: int
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        """Requests that were answered."""
        return self.requests / self.seconds


@dataclass
class Wrk:
    """Runs wrk, and remembers how busy it ever was."""

    busiest: float = field(default=0.0)
    """The largest part of one core that it used."""

    def fire(self, shots: Shots, seconds: float, *, connections: int = CONNECTIONS) -> Load:
        """Send as fast as answers come; NotMeasurable if any is an error."""
        before = os.times()
        said = _run(_command(shots, seconds, connections))
        after = os.times()
        load = msgspec.json.decode(said.rstrip().rpartition("\n")[2], type=Load)
        used = after.children_user + after.children_system
        used -= before.children_user + before.children_system
        self.busiest = max(self.busiest, used / load.seconds)
        if load.refused or load.failed:
            raise NotMeasurable(f"{shots.method} {shots.url}: {load}")
        return load


def check() -> None:
    """NotMeasurable when wrk is missing."""
    if shutil.which("wrk") is None:
        raise NotMeasurable(
            "wrk is missing, which makes the load: install it"
            " (Debian and Ubuntu: apt-get install wrk; macOS: brew install wrk)"
        )


def _command(shots: Shots, seconds: float, connections: int) -> list[str]:
    headers = [part for header in shots.headers for part in ("-H", header)]
    how = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
    return [
        *("wrk", *how, *headers, "-s", str(SCRIPT), shots.url),
        *("--", shots.method, shots.body, *shots.paths),
    ]


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise NotMeasurable(f"wrk: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
