"""What the runner logs of troubles that only it can see."""

import asyncio
import logging
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from broker.runner.programs import Program
from broker.runner.watch import Watch
from eventing.logs import fields_of
from tests.disks import disk
from tests.e2e.running import free_ports


class Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def program(name: str, port: int) -> Program:
    return Program(name=name, command=(), environment={}, port=port, option="", remedy="")


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, object, object]]:
    """What was logged at level error: what happened, the kind, and of what."""
    errors = [each for each in caplog.records if each.levelno == logging.ERROR]
    told = [(each.getMessage(), fields_of(each)) for each in errors]
    return [(what, fields["kind"], fields["about"]) for what, fields in told]


def test_a_program_that_is_down_is_one_error_line_and_one_when_it_is_up_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_ports(1)
    watch = Watch([program("posts", port)], tmp_path)
    for _ in range(2):
        asyncio.run(watch.look())
    with HTTPServer(("127.0.0.1", port), Healthy) as posts:
        Thread(target=posts.serve_forever, daemon=True).start()
        for _ in range(2):
            asyncio.run(watch.look())
        posts.shutdown()
    assert lines(caplog) == [
        ("trouble", "program-down", "posts"),
        ("trouble ended", "program-down", "posts"),
    ]


def test_a_disk_that_is_nearly_full_is_one_error_line_and_one_when_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with disk(tmp_path / "small") as data:
        watch = Watch([], data)
        asyncio.run(watch.look())
        (data / "much").write_bytes(bytes(4 * 2**20 - 100_000))
        for _ in range(2):
            asyncio.run(watch.look())
        (data / "much").unlink()
        asyncio.run(watch.look())
    assert lines(caplog) == [
        ("trouble", "disk-nearly-full", str(data)),
        ("trouble ended", "disk-nearly-full", str(data)),
    ]


def test_a_data_folder_that_is_gone_keeps_nothing_from_being_watched(tmp_path: Path) -> None:
    asyncio.run(Watch([], tmp_path / "missing").look())
