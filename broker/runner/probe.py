"""Whether a server on this machine answers; changes with what counts as an answer."""

import asyncio

from broker.runner.settings import HOST

INTERVAL = 0.05  # seconds between two probes
ANSWER_WITHIN = 5.0


async def until_ready(port: int, path: str) -> None:
    """Return once `GET path` is answered with 200."""
    while not await answers(port, path):  # noqa: ASYNC110 - another process cannot set an event
        await asyncio.sleep(INTERVAL)


async def answers(port: int, path: str) -> bool:
    """Whether `GET path` is answered with 200 now."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return b" 200 " in await _status_line(port, path)
    except (OSError, TimeoutError):
        return False


async def _status_line(port: int, path: str) -> bytes:
    # Bare HTTP: a client library would be the largest thing in this process.
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        return await reader.readline()
    finally:
        writer.close()
