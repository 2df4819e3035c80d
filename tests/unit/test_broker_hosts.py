"""The broker refuses what is not meant for it, at every route, and takes what programs send."""

import asyncio
from collections.abc import Mapping

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from broker.arrival import Arrival
from broker.hosts import only_for
from broker.ingress import Ingress
from eventing.hosts import Hosts

EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}


async def keep(_: Arrival) -> None:
    """Take it."""


def answered(method: str, path: str, headers: Mapping[str, str]) -> tuple[int, str]:
    """Status and content type of the answer; ORIGIN in a header is the server's own."""

    async def ask() -> tuple[int, str]:
        app = web.Application(middlewares=[only_for(Hosts())])
        app.router.add_route("*", "/{path:.*}", Ingress("blog", ("default",), keep).answer)
        async with TestServer(app) as server, ClientSession() as session:
            own = str(server.make_url("")).rstrip("/")
            sent = {name: value.replace("ORIGIN", own) for name, value in headers.items()}
            async with session.request(method, server.make_url(path), headers=sent) as answer:
                return answer.status, answer.content_type

    return asyncio.run(ask())


REFUSED = [
    ({"Host": "evil.example"}, 421),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
]


@pytest.mark.parametrize(("headers", "status"), REFUSED)
def test_an_event_of_a_foreign_page_is_refused(headers: dict[str, str], status: int) -> None:
    problem = (status, "application/problem+json")
    assert answered("POST", "/blog/default", {**EVENT, **headers}) == problem


@pytest.mark.parametrize("path", ["/blog/default", "/status", "/none/of/ours"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_nothing_is_read_under_a_foreign_name(method: str, path: str) -> None:
    assert answered(method, path, {"Host": "evil.example"})[0] == 421


@pytest.mark.parametrize("headers", [{}, {"Origin": "ORIGIN", "Sec-Fetch-Site": "same-origin"}])
def test_an_event_of_a_program_or_of_a_page_of_the_brokers_own_is_taken(
    headers: dict[str, str],
) -> None:
    assert answered("POST", "/blog/default", {**EVENT, **headers})[0] == 202


@pytest.mark.parametrize("name", ["WebHook-Request-Origin", "Origin"])
def test_anybody_who_asks_what_may_be_sent_is_told(name: str) -> None:
    assert answered("OPTIONS", "/blog/default", {name: "http://evil.example"})[0] == 200
