"""A function that is told to stop publishes first what waits in its outbox, on every Python."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.integration.sinks import Sink
from tests.waiting import until

ROOT = Path(__file__).parents[2]

# The relay finds nothing at its start and is not woken: only the stop makes it publish.
SOURCE = """
import os
from werkzeug.wrappers import Request, Response
from eventing import outbox
from eventing.answer import Answer
from eventing.database import Database
from eventing.function import Function, Route
from eventing.producer import Producer
from eventing.subscriber import Subscriber
from tests.unit.outboxes import append

database = Database(os.environ["DATABASE_URL"], [outbox.MIGRATIONS])
producer = Producer(database, os.environ)

def write(call):
    append(database, "a1", "a2", "b1")
    return Answer(204)

routes = [Route("POST", "/notes", write)]
function = Function(routes, Subscriber([], producer.sweep), background=[producer.worker])

def notes(request: Request) -> Response:
    return function(request)
"""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def ask(port: int, method: str, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.close()


@pytest.mark.parametrize("server", ["eventing.serve", "functions_framework"])
def test_what_was_just_committed_is_published_before_the_end(
    tmp_path: Path, sink: Sink, server: str
) -> None:
    source, port, log = tmp_path / "main.py", free_port(), tmp_path / "log"
    source.write_text(SOURCE)
    env = {"DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}", "K_SINK": sink.url}
    command = [sys.executable, "-m", server, "--source", str(source), "--target", "notes"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as lines:
        process = subprocess.Popen(
            command,
            env={**os.environ, **env, "PYTHONPATH": str(ROOT)},
            stdout=lines,
            stderr=lines,
        )
    try:
        until(lambda: ask(port, "GET", "/healthz") == 200)
        assert ask(port, "POST", "/notes") == 204
        assert sink.requests == []

        process.send_signal(signal.SIGTERM)
        process.wait(20)
    finally:
        process.kill()
        process.wait()

    assert sorted(headers["ce-id"] for _, headers, _ in sink.requests) == ["a1", "a2", "b1"]
    assert "Traceback" not in log.read_text()
