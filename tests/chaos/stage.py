"""The blog on stage, every program kept up: changes with what is started and in which order."""

import asyncio
import os
from collections.abc import Callable, Collection, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from broker.runner.console import Console
from broker.runner.probe import answers
from broker.runner.process import Lifeline
from broker.runner.programs import Program
from broker.runner.settings import HOST
from tests.chaos.cast import cast
from tests.chaos.form import Form, Store
from tests.chaos.kept import Kept
from tests.chaos.network import Network
from tests.chaos.storage import Server

START_WITHIN = 120.0  # seconds, on a busy machine


class Stage:
    """`async with` starts everything in `folder`, and ends everything."""

    def __init__(self, form: Form, folder: Path) -> None:
        self._server = Server() if form.store is Store.POSTGRES else None
        database_url = self._server.url if self._server else _file_in(folder)
        self.cast = cast(folder, database_url, copies=form.copies)
        self.network = Network(self.cast.addresses, form.chance("network"))
        self.kept: list[Kept] = []
        self._folder = folder
        self._ends = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._ends.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ends.aclose()

    async def _start(self) -> None:
        log = self._ends.enter_context((self._folder / "programs.log").open("wb"))
        self._console = Console(log.fileno())
        self._lifeline = Lifeline.open()
        for end in (self._lifeline.read_end, self._lifeline.write_end):
            self._ends.callback(os.close, end)
        self._ends.callback(self._console.write_rest)
        self._in_background(self._console.write())
        await self.network.open(HOST, self.cast.doors)
        self._ends.push_async_callback(self.network.close)
        if self._server:
            await self._start_postgres(self._server)
        for program in (*self.cast.functions, self.cast.broker):
            self._keep(program)
        await self.all_up()

    async def _start_postgres(self, server: Server) -> None:
        self._ends.callback(server.remove)
        await asyncio.to_thread(server.make)
        self._keep(server.program())
        await self.all_up()
        for name in self.cast.databases:
            server.create(name.replace("-", "_"))

    def _keep(self, program: Program) -> None:
        self.kept.append(Kept(program, self._lifeline, self._console))
        self._in_background(self.kept[-1].keep())

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)

        async def end() -> None:
            task.cancel()
            await asyncio.wait([task])

        self._ends.push_async_callback(end)

    def copies(self, name: str) -> list[Kept]:
        """Every process of the program with this name."""
        return [kept for kept in self.kept if kept.program.name == name]

    @property
    def log_file(self) -> Path:
        """Where the broker keeps what is on its way."""
        return self._folder / "broker.db"

    def file_of(self, kept: Kept) -> Path | None:
        """The SQLite file in which a program keeps its state, if it has one."""
        if kept.program == self.cast.broker:
            return self.log_file
        kind, _, file = self.cast.databases.get(kept.program.name, "").partition(":///")
        return Path(file) if kind == "sqlite" else None

    async def all_up(self, absent: Collection[Kept] = ()) -> None:
        """Return once every program answers that is not absent."""
        async with asyncio.timeout(START_WITHIN):
            for kept in (one for one in self.kept if one not in absent):
                while not await self._is_up(kept.program):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)

    async def _is_up(self, program: Program) -> bool:
        if self._server and program.name == "postgres":
            return await asyncio.to_thread(self._server.is_up)
        return await answers(program.port, program.probe)


def _file_in(folder: Path) -> Callable[[str], str]:
    return lambda name: f"sqlite:///{folder / name}.db"
