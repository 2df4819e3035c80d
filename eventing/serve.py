"""The process of a function: its server, and how much of the machine that may use.

`python -m eventing.serve --source functions/posts/main.py --target posts --port 8081`, or the same
by environment, as functions-framework reads it: FUNCTION_SOURCE, FUNCTION_TARGET, HOST, PORT.
"""

import argparse
import gc
import logging
import math
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from eventing import worker
from eventing.asgi import Application, Entry

CGROUPS = Path("/sys/fs/cgroup")
THREADS_PER_CPU = 4  # one computes while the others wait for the disk, the database, a subscriber
FEWEST_THREADS = 8  # a few that wait long leave room for the others

# Whoever keeps connections for reuse must let go first: Knative's proxies do so after 90 s, nginx
# after 60. A POST sent into a connection that is just being closed is lost.
IDLE = 120  # seconds


def main(arguments: Sequence[str]) -> None:
    """Serve until SIGTERM or SIGINT, then until the requests and the work under way are done."""
    options = _options(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)  # the first process of a container has no default for them
    # Who connects while the function is being loaded waits, instead of being sent away.
    listener = _listen(options.host, options.port)
    entry = load(options.source, options.target)
    gc.freeze()  # what is loaded stays: no need to look through it for garbage again and again
    worker.begin()
    try:
        with ThreadPoolExecutor(threads(cpus())) as pool:
            server(Application(entry, pool, at_once=is_file(os.environ))).run([listener])
    finally:
        worker.end()


class Protocol(HttpToolsProtocol):
    """uvicorn's reading of HTTP/1.1, in which trailers are headers, without that."""

    def on_headers_complete(self) -> None:
        """Hand the head on; nothing that comes after it belongs to it (RFC 9110, 6.5.1)."""
        super().on_headers_complete()
        self.headers = []


def server(application: Application) -> uvicorn.Server:
    """uvicorn with llhttp, the strict parser of Node.js, and without all that is not HTTP/1.1."""
    config = uvicorn.Config(
        application,
        http=Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        timeout_keep_alive=IDLE,
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    return uvicorn.Server(config)


def _exit(_number: int, _frame: object) -> None:
    """End as a process does that has nothing left to do: uvicorn sends its signal again at last."""
    sys.exit(0)


def load(source: Path, target: str) -> Entry:
    """The function that the file defines under that name; SystemExit when there is none."""
    spec = spec_from_file_location("main", source)
    if spec is None or spec.loader is None or not source.is_file():
        raise SystemExit(f"{source} is no Python file: name the function's with --source")
    module = module_from_spec(spec)
    sys.modules["main"] = module
    spec.loader.exec_module(module)
    function: Entry | None = getattr(module, target, None)
    if function is None:
        raise SystemExit(f"{source} defines no {target!r}: name its function with --target")
    return function


def is_file(env: Mapping[str, str]) -> bool:
    """Whether the function's database is SQLite, which answers sooner than a thread begins."""
    return not env.get("DATABASE_URL", "").startswith(("postgresql:", "postgres:"))


def threads(cpus: int) -> int:
    """How many requests are worked on at once."""
    return max(FEWEST_THREADS, THREADS_PER_CPU * cpus)


def cpus(cgroups: Path = CGROUPS) -> int:
    """The CPUs that this process may use, the container's limit (cgroup v2 or v1) included."""
    here = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    quota, period = _quota(cgroups)
    return min(here, math.ceil(quota / period)) if quota > 0 else here


def _quota(cgroups: Path) -> tuple[int, int]:
    """Microseconds of CPU in each period of so many; 0 or less without a limit."""
    try:
        if (two := cgroups / "cpu.max").is_file():
            quota, period = two.read_text().split()
        else:
            quota, period = (
                (cgroups / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period")
            )
        return (0 if quota == "max" else int(quota)), int(period)
    except (OSError, ValueError):
        return 0, 1


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=1_024)
    except OSError as error:
        what = os.strerror(error.errno or 0)
        raise SystemExit(f"port {port} of {host}: {what}: choose another with --port") from None


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    env = os.environ
    parser = argparse.ArgumentParser(prog="eventing.serve", description="Serve one function.")
    parser.add_argument("--source", type=Path, default=env.get("FUNCTION_SOURCE") or "main.py")
    parser.add_argument("--target", default=env.get("FUNCTION_TARGET") or "function")
    parser.add_argument("--host", default=env.get("HOST") or "127.0.0.1")
    parser.add_argument("--port", type=int, default=env.get("PORT") or 8080)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
