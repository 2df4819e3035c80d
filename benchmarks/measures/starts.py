"""Process start to first answer, and `make run` to the first page: changes with what is started."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.aims import FUNCTIONS
from benchmarks.bench import Bench
from benchmarks.line import answers
from benchmarks.process import Process
from benchmarks.results import Figure
from broker.manifests import load_platform
from broker.runner import programs
from broker.runner.programs import Program
from broker.runner.settings import PROJECT, Settings
from tests.e2e.running import environment, free_ports

HELLO = Path(__file__).parents[1] / "hello" / "main.py"


def functions(bench: Bench) -> None:
    """Seconds until the first answer, in turns with the smallest functions-framework function."""
    bench.say("start each function")
    space = bench.space("starts")
    settings = Settings(data=space, function_port=free_ports(len(FUNCTIONS)))
    started = programs.functions(load_platform(settings.manifests), settings, environment())
    takes = [partial(_hello, space), *(partial(_function, each, space) for each in started)]
    found = bench.in_turns(takes)
    for name in FUNCTIONS:
        bench.keep(f"start-{name}", Figure(unit="s", rounds=found[name], beside=found["hello"]))


def make_run(bench: Bench) -> None:
    """Seconds from `make run` on a clone that is set up to the page and the first list of posts."""
    bench.say("make run, to the first page")
    space = bench.space("make-run")
    found = bench.in_turns([partial(_first_page, space)])
    bench.keep("run", Figure(unit="s", rounds=found["run"]))


def _first_page(space: Path) -> dict[str, float]:
    port = free_ports(7)
    given = {"PORT": port, "BROKER_PORT": port + 1, "FUNCTION_PORT": port + 2}
    env = environment(**{name: str(value) for name, value in given.items()}, DATA_DIR=str(space))
    command = ("make", "--silent", "-C", str(PROJECT), "run")
    with _timed(command, env, space) as timed:
        return {"run": max(timed(port, "/"), timed(port, "/api/posts"))}


def _hello(space: Path) -> dict[str, float]:
    port = free_ports(1)
    what = ("-m", "functions_framework", "--source", str(HELLO), "--target", "hello")
    command = (*programs.PYTHON, *what, "--host", "127.0.0.1", "--port", str(port))
    with _timed(command, environment(), space) as timed:
        return {"hello": timed(port, "/")}


def _function(program: Program, space: Path) -> dict[str, float]:
    with _timed(program.command, program.environment, space) as timed:
        return {program.name: timed(program.port, program.probe)}


@contextmanager
def _timed(
    command: Sequence[str], env: Mapping[str, str], space: Path
) -> Iterator[Callable[[int, str], float]]:
    """Start a program; what is given back waits for an answer and tells the seconds since."""
    began = time.perf_counter()
    with Process(command, log=space / "log.txt", env=env) as process:

        def answered(port: int, path: str) -> float:
            process.until(lambda: answers(port, path), f"the program at {port}")
            return time.perf_counter() - began

        yield answered
