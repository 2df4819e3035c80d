"""The network between the parts: it delays, repeats, reorders and loses."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from time import monotonic
from typing import NamedTuple

import aiohttp
from aiohttp import web

from tests.chaos.door import Door
from tests.chaos.witness import Witness

_HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding"}

PASSED, LATE, REFUSED, ANSWER_LOST, TWICE, AGAIN = FATES = range(6)
WEIGHTS = (64, 12, 8, 8, 4, 4)  # percent
LONGEST_MIDST = 0.2  # seconds; what takes longer waits for something that is down
SHORT, LONG = 1.5, 4.0  # seconds that a request may be late, and its repetition


class Request(NamedTuple):
    """A request that can be made more than once."""

    method: str
    service: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_command(self) -> bool:
        """Whether a client wants something changed."""
        return "ce-id" not in {name.lower() for name in self.headers}


Arrival = Callable[[str, Request], bool]
"""Whether a request that goes to this address is meant."""


class Network:
    """A door for each service: what comes there is passed on to one of the service's addresses."""

    def __init__(self, addresses: Mapping[str, Sequence[str]], chance: Random) -> None:
        self.witness = Witness()
        self.doors: dict[str, Door] = {}
        self._addresses = addresses
        self._chance = chance
        self._faulty = True
        self._strays: set[asyncio.Task[None]] = set()
        self._awaited: list[tuple[Arrival, asyncio.Event]] = []
        self._took = 0.02  # seconds that the latest command took

    async def open(self, host: str, ports: Mapping[str, int]) -> None:
        """Take requests for each service at its port."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(),
        )
        for service, port in ports.items():
            self.doors[service] = Door((host, port), partial(self._answer, service))
            await self.doors[service].open()

    async def heal(self) -> None:
        """From now on nothing goes wrong; return when every late repetition has arrived."""
        self._faulty = False
        while self._strays:
            await asyncio.wait(self._strays)

    async def midst(self, of: Arrival) -> None:
        """Return at any moment while somebody works on the next request of this kind."""
        awaited = of, asyncio.Event()
        self._awaited.append(awaited)
        try:
            await awaited[1].wait()
        finally:
            self._awaited.remove(awaited)
        await asyncio.sleep(self._chance.uniform(0, self._took))

    async def close(self) -> None:
        """Forget what is under way."""
        for stray in self._strays:
            stray.cancel()
        for door in self.doors.values():
            await door.close()
        await self._session.close()

    async def _answer(self, service: str, asked: web.Request) -> web.Response:
        headers = {k: v for k, v in asked.headers.items() if k.lower() not in _HOP_BY_HOP}
        try:
            body = await asked.read()
        except ConnectionError:  # killed while it was sending
            return _failure(400)
        request = Request(asked.method, service, asked.path_qs, headers, body)
        return await self._meet(request, self._fate(asked.method))

    def _fate(self, method: str) -> int:
        """Only a POST is repeated: each carries an event, or a key that makes it harmless."""
        [fate] = self._chance.choices(FATES, WEIGHTS) if self._faulty else [PASSED]
        return LATE if fate in (TWICE, AGAIN) and method != "POST" else fate

    async def _meet(self, request: Request, fate: int) -> web.Response:
        if fate == REFUSED:
            self.witness.sent(request.service, request.headers)
            return _failure(500)
        if fate == LATE:
            await asyncio.sleep(self._chance.uniform(0.05, SHORT))
        answer = await (self._pass_twice(request) if fate == TWICE else self._pass(request))
        # What was refused is not repeated: whoever was told so may have given it up for good.
        if fate == AGAIN and _succeeded(answer):
            self._repeat(request)
        return _failure(500) if fate == ANSWER_LOST else answer

    async def _pass_twice(self, request: Request) -> web.Response:
        """Both at once; a success is the answer, or else what leaves it in doubt."""
        first, second = await asyncio.gather(self._pass(request), self._pass(request))
        return max(first, second, key=lambda each: (_succeeded(each), each.status))

    def _repeat(self, request: Request) -> None:
        async def later() -> None:
            await asyncio.sleep(self._chance.uniform(SHORT, LONG))
            await self._pass(request)

        stray = asyncio.create_task(later())
        self._strays.add(stray)
        stray.add_done_callback(self._strays.discard)

    async def _pass(self, request: Request) -> web.Response:
        self.witness.sent(request.service, request.headers)
        address = self._chance.choice(self._addresses[request.service])
        for wanted, arrived in self._awaited:
            if wanted(address, request):
                arrived.set()
        sent_at = monotonic()
        try:
            async with self._session.request(
                request.method, address + request.path, data=request.body, headers=request.headers
            ) as answer:
                body = await answer.read()
                if request.is_command:
                    self._took = min(LONGEST_MIDST, monotonic() - sent_at)
        except (aiohttp.ClientError, OSError):
            return _failure(502)  # nobody there, or killed before it could answer
        self.witness.answered(request.service, request.headers, status=answer.status)
        self.witness.replied(answer.headers)
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP}
        return web.Response(status=answer.status, headers=headers, body=body)


def _succeeded(answer: web.Response) -> bool:
    return 200 <= answer.status < 300


def _failure(status: int) -> web.Response:
    return web.Response(status=status)
