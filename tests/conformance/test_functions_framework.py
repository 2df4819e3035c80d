"""A `cloud_event` function behind a Trigger fails as on Knative: its `OK` is no answer to an event.

Local only: a real broker would need an image of the function.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.conftest import StartBroker
from tests.conformance.local import wait_until
from tests.conformance.under_test import ProbeTrigger, an_event, publish, request

FUNCTION = """
import pathlib
import functions_framework

@functions_framework.cloud_event
def note(event):
    with (pathlib.Path(__file__).parent / "seen").open("a") as seen:
        seen.write(event["id"] + "\\n")
"""
RETRY = {"retry": 2, "backoffPolicy": "linear", "backoffDelay": "PT0.1S", "timeout": "PT10S"}


@pytest.fixture
def function(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """URL of a running function, and the file where it notes the ids of events."""
    source = tmp_path / "main.py"
    source.write_text(FUNCTION, "utf-8")
    port = free_port()
    where = ["--source", str(source), "--target", "note", "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "functions_framework", *where, "--port", str(port)],
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(url))
    yield url, tmp_path / "seen"
    process.terminate()
    process.wait(20)


def test_a_cloud_event_function_fails_although_it_answers_200(
    start_broker: StartBroker, function: tuple[str, Path]
) -> None:
    url, seen = function
    broker = start_broker([ProbeTrigger("note", delivery=RETRY, sink="ref", subscriber=url)])
    event = an_event("note")
    publish(broker, event)
    [letter] = broker.dead_letters("note", 1)
    assert seen.read_text("utf-8").split() == [event.id] * 3
    assert letter.event.id == event.id
    assert not [name for name in letter.event.extensions if name.startswith("knativeerror")]


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether anybody answers there."""
    try:
        return request("GET", url, {})[0] > 0
    except OSError:
        return False
