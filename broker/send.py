"""One attempt over HTTP; changes when how the broker calls others does."""

from collections.abc import Mapping
from typing import Protocol

import aiohttp
from yarl import URL

from broker.arrival import SIZE_LIMIT
from broker.outcome import Answer, NoAnswer
from eventing.cloudevent import CloudEvent, write_binary

LONGEST = 900.0  # seconds without a time-out in the manifest: Knative's fan-out gives up then

# A server closes an idle connection after its own pause, gunicorn after 2 s. Leaving first, the
# broker never sends into a connection that is just being closed, which would count as an attempt.
KEEP_IDLE = 1.0

_LEFT_OUT = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


def open_session() -> aiohttp.ClientSession:
    """A session without limits of its own: each Trigger's lane bounds its own deliveries."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_IDLE),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=_LEFT_OUT,
    )


class Wire(Protocol):
    """Whatever can make an attempt."""

    async def send(
        self, url: str, event: CloudEvent, *, headers: Mapping[str, str], within: float | None
    ) -> Answer | NoAnswer:
        """Send the event there; `within` so many seconds."""


class Sender:
    """Sends events in binary mode."""

    def __init__(self, session: aiohttp.ClientSession, namespace: str) -> None:
        self._session = session
        self._own = {"Kn-Namespace": namespace}

    async def send(
        self, url: str, event: CloudEvent, *, headers: Mapping[str, str], within: float | None
    ) -> Answer | NoAnswer:
        """POST the event; redirects are not followed."""
        attributes, data = write_binary(event)
        limit = aiohttp.ClientTimeout(total=within or LONGEST)
        try:
            async with self._session.post(
                URL(url, encoded=True),
                data=data,
                headers={**headers, **self._own, **attributes},
                timeout=limit,
                allow_redirects=False,
            ) as response:
                body = await _read(response)
                return Answer(response.status, response.headers, body)
        except TimeoutError:
            return NoAnswer(f"gave no answer within {limit.total:g} s", timed_out=True)
        except (aiohttp.ClientError, OSError) as error:
            return NoAnswer(f"could not be reached: {error}", timed_out=False)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, and no more of it than shows that it is too long."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > SIZE_LIMIT:
            response.close()
            break
    return bytes(body)
