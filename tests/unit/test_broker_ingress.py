"""The door when the log behind it fails, and when it is closed."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from broker.arrival import Arrival
from broker.ingress import Ingress

EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}


def status_of(take: Callable[[Arrival], Awaitable[None]], *, closed: bool = False) -> int:
    """What a valid event is answered when arrivals are taken so."""

    async def ask() -> int:
        ingress = Ingress("blog", ("default",), take)
        if closed:
            ingress.close()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", ingress.answer)
        async with TestServer(app) as server, ClientSession() as session:
            answer = await session.post(server.make_url("/blog/default"), headers=EVENT)
            return answer.status

    return asyncio.run(ask())


async def keep(_: Arrival) -> None:
    """Take it."""


async def fail(_: Arrival) -> None:
    """Fail as a full disk does."""
    raise sqlite3.OperationalError("database or disk is full")


def test_an_event_that_is_kept_is_answered_202() -> None:
    assert status_of(keep) == 202


def test_an_event_that_cannot_be_kept_is_answered_500() -> None:
    assert status_of(fail) == 500


def test_a_closed_door_answers_503() -> None:
    assert status_of(keep, closed=True) == 503
