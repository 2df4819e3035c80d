"""A program that is kept running although, for a while, it cannot even be launched."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from broker.runner.console import Console
from broker.runner.keeper import Keeper
from broker.runner.process import Lifeline
from broker.runner.programs import Program
from broker.runner.register import Register, read_register

SERVER = f"""#!{sys.executable}
import sys
from http.server import HTTPServer, SimpleHTTPRequestHandler
HTTPServer(("127.0.0.1", int(sys.argv[1])), SimpleHTTPRequestHandler).serve_forever()
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - another process cannot set an event
            await asyncio.sleep(0.01)


def test_a_program_that_cannot_be_launched_is_up_soon_after_it_can(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = tmp_path / "server"
    script.write_text(SERVER)
    script.chmod(0o755)
    port = free_port()
    program = Program(
        name="server",
        command=(os.fspath(script), str(port)),
        environment={},
        port=port,
        option="--port",
        remedy="",
        probe="/",
    )

    before = set(psutil.Process().children())

    async def keep() -> None:
        lifeline, register = Lifeline.open(), Register(tmp_path)
        keeper = Keeper(program, lifeline, console=Console(), register=register)
        await keeper.start()
        try:
            script.chmod(0o644)
            psutil.Process(read_register(tmp_path)["server"].pid).kill()
            await until(lambda: any("cannot be started" in line for line in caplog.messages))
            assert set(psutil.Process().children()) <= before  # no leash without a program
            script.chmod(0o755)
            await until(lambda: "server is up again" in caplog.messages)
        finally:
            await keeper.kill()

    with caplog.at_level(logging.INFO):
        asyncio.run(keep())
