"""Where a service is reached, and how it can be out of reach: refused, or dropped in silence."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from enum import Enum, auto
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SIZE_LIMIT = 2**21  # bytes
FULL_AFTER = 0.1  # seconds without a connection: its queue is full

Address = tuple[str, int]


class Hole(Enum):
    """What becomes of whoever connects, and of requests in open connections."""

    REFUSED = auto()
    DROPPED = auto()


class Door:
    """Listens at an address and answers by `answer`, unless there is a hole."""

    def __init__(
        self, address: Address, answer: Callable[[web.Request], Awaitable[web.Response]]
    ) -> None:
        self._address = address
        self._answer = answer
        self._hole: Hole | None = None
        self._mended = asyncio.Event()

    async def open(self) -> None:
        """Take requests."""
        app = web.Application(client_max_size=SIZE_LIMIT)
        app.router.add_route("*", "/{path:.*}", self._meet)
        self._server = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._server.setup()
        await self._listen()

    async def close(self) -> None:
        """Take no more."""
        await self._server.cleanup()

    @asynccontextmanager
    async def out_of_reach(self, hole: Hole) -> "AsyncIterator[None]":
        """Nobody gets through during the block; one hole at a time."""
        if self._hole is not None:
            yield
            return
        self._hole = hole
        self._mended.clear()
        await self._site.stop()
        with ExitStack() as sockets:
            if hole is Hole.DROPPED:
                await _swallow(self._address, sockets)
            try:
                yield
            finally:
                sockets.close()
                self._hole = None
                self._mended.set()
                await self._listen()

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._server, *self._address, reuse_address=True)
        await self._site.start()

    async def _meet(self, asked: web.Request) -> web.Response:
        if self._hole is Hole.DROPPED:
            await self._mended.wait()  # as packets that are sent again until the line is back
        elif self._hole is Hole.REFUSED:
            if asked.transport is not None:
                asked.transport.abort()
            return web.Response(status=502)  # which nobody gets
        return await self._answer(asked)


async def _swallow(address: Address, sockets: ExitStack) -> None:
    """Let connections to the address wait for ever: Linux drops them once the queue is full."""
    listener = sockets.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(0)
    loop = asyncio.get_running_loop()
    while True:
        filler = sockets.enter_context(socket.socket())
        filler.setblocking(False)
        try:
            async with asyncio.timeout(FULL_AFTER):
                await loop.sock_connect(filler, address)
        except TimeoutError:
            return
