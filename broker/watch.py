"""`GET /watch`: shows what passes the broker, as it passes; changes with what is shown of it."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import web

from broker.changes import Taken
from eventing.cloudevent import write_structured

ROOM = 1_048_576  # bytes that wait for one watcher, or a single line that is longer
PAST = 65_536  # bytes of what came before, about a hundred events, that a new watcher sees first
PULSE = 15.0  # seconds; an empty line shows whether a watcher that sees nothing is still there
FILTERS = ("type", "source", "correlationid")


class Backlog:
    """The latest lines within so many bytes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._size = 0
        self.lines: deque[bytes] = deque()
        self.lost = 0

    def add(self, line: bytes) -> None:
        """Add a line, and lose the oldest ones for it."""
        self.lines.append(line)
        self._size += len(line)
        while self._size > self._room and len(self.lines) > 1:
            self._size -= len(self.lines.popleft())
            self.lost += 1

    def drain(self) -> bytes:
        """Take all lines out; the first one tells how many were lost, if any."""
        lost = b'{"lost":%d}\n' % self.lost if self.lost else b""
        text = lost + b"".join(self.lines)
        self.lines.clear()
        self._size = self.lost = 0
        return text


class Watcher:
    """One who looks on: sees the events whose attributes are those wanted."""

    def __init__(self, wanted: Mapping[str, str], *, data: bool) -> None:
        self._wanted = wanted.items()
        self._backlog = Backlog(ROOM)
        self._news = asyncio.Event()
        self.data = data
        self.over = False

    def offer(self, attributes: Mapping[str, object], line: bytes) -> None:
        """Show a line about an event, as soon as the watcher reads."""
        if self._wanted <= attributes.items():
            self._backlog.add(line)
            self._news.set()

    def end(self) -> None:
        """Nothing more comes."""
        self.over = True
        self._news.set()

    async def news(self) -> bytes:
        """The lines that came up, or after a silent while an empty one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PULSE):
                await self._news.wait()
        self._news.clear()
        return self._backlog.drain() or b"\n"


class Watch:
    """All watchers. Who reads too slowly loses lines and is told so; nobody else waits for it."""

    def __init__(self) -> None:
        self._past = Backlog(PAST)
        self._watchers: set[Watcher] = set()

    def show(self, taken: Taken) -> None:
        """An event was taken in."""
        event = taken.stored.event
        attributes = event.attributes()
        line = _line(attributes, taken)
        self._past.add(line)
        for watcher in self._watchers:
            shown = _line(write_structured(event), taken) if watcher.data else line
            watcher.offer(attributes, shown)

    def close(self) -> None:
        """The broker stops."""
        for watcher in self._watchers:
            watcher.end()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Lines of JSON without end: `{"event": {…}, "triggers": […]}`, or `{"lost": 3}`.

        With `?data=1` the events have their data, except those that came before.
        """
        wanted = {name: request.query[name] for name in FILTERS if name in request.query}
        watcher = Watcher(wanted, data="data" in request.query)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        for line in self._past.lines:
            watcher.offer(json.loads(line)["event"], line)
        self._watchers.add(watcher)
        try:
            while not watcher.over:
                await response.write(await watcher.news())
        finally:
            self._watchers.discard(watcher)
        return response


def _line(event: Mapping[str, object], taken: Taken) -> bytes:
    shown = {"event": event, "triggers": taken.triggers}
    return json.dumps(shown, separators=(",", ":")).encode() + b"\n"
