"""A function in its real server: background work begins once, in the process that serves."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.adapted import SOURCE
from tests.waiting import until

ROOT = Path(__file__).parents[2]


SERVERS = ("eventing.serve", "functions_framework")


class Served:
    """The small function in a process of its own, and the marks that it made."""

    def __init__(self, folder: Path, server: str = SERVERS[0]) -> None:
        self.server = server
        source = folder / "main.py"
        source.write_text(SOURCE)
        self._marks = folder / "marks"
        self._marks.touch()
        self.log = folder / "log"
        self.port = _free_port()
        command = [sys.executable, "-m", server, "--host", "127.0.0.1"]
        command += ["--source", str(source), "--target", "notes", "--port", str(self.port)]
        env = {**os.environ, "MARKS": str(self._marks), "PYTHONPATH": str(ROOT)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=env, stderr=log, stdout=log)
        until(self._answers)

    def marks(self, word: str) -> list[int]:
        """The processes in which that happened."""
        each = [line.split() for line in self._marks.read_text().splitlines()]
        return [int(process) for mark, process in each if mark == word]

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def get(self, path: str) -> int:
        connection = self.connect()
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def stop(self) -> int:
        """End it as a platform does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/healthz") == 200
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture(params=SERVERS)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path, request.param)
    yield served
    if served.process.poll() is None:
        served.process.kill()
        served.process.wait()


def test_work_begins_once_in_the_process_that_serves_and_ends_with_it(served: Served) -> None:
    for _ in range(3):
        assert served.get("/notes/1") == 200
    [imported], [started] = served.marks("import"), served.marks("start")
    forks = served.server == "functions_framework"
    assert imported == served.process.pid
    assert (started != imported) == forks
    assert served.marks("stop") == []

    served.stop()

    assert served.marks("start") == served.marks("stop") == [started]


SERVE_TWICE_THEN_FORK = """
import os
from flask import Request
from werkzeug.test import EnvironBuilder
from tests.unit.adapted import FUNCTION

for _ in range(2):
    FUNCTION(Request(EnvironBuilder("/healthz").get_environ()))
if child := os.fork():
    os.waitpid(child, 0)
"""


def test_work_begins_with_the_first_request_and_again_in_a_later_fork(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    env = {**os.environ, "MARKS": str(marks), "PYTHONPATH": str(ROOT)}

    subprocess.run([sys.executable, "-c", SERVE_TWICE_THEN_FORK], env=env, check=True)

    words = [line.split()[0] for line in marks.read_text().splitlines()]
    assert words[:3] == ["import", "start", "start"]
    assert set(words[3:]) == {"stop"}


def test_a_body_in_chunks_beyond_the_limit_is_refused_and_a_small_one_read(served: Served) -> None:
    headers = {"Content-Type": "application/json"}
    connection = served.connect()
    connection.request("POST", "/notes", iter([b'{"a":', b"1}"]), headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (201, b'{"a":1}')

    chunks = [b"a" * 1024] * 300
    connection.request("POST", "/notes", iter(chunks), headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["status"]) == (413, 413)
    connection.close()


def test_log_lines_are_json_whatever_the_server(served: Served) -> None:
    served.get("/notes/1")
    served.stop()

    [line] = [
        json.loads(text) for text in served.log.read_text().splitlines() if "/notes/1" in text
    ]
    assert (line["service"], line["status"]) == ("notes", 200)
