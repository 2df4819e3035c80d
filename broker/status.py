"""The broker's own routes, which tell how it is; changes when an operator must see more."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from aiohttp import web

from broker.changes import COUNTS
from broker.health import Health
from broker.log import EventLog

_NOTHING = dict.fromkeys(COUNTS, 0)


class Status:
    """Readiness, counts, troubles and the dead. `triggers` are those of the manifests."""

    def __init__(self, log: EventLog, health: Health, triggers: Sequence[str]) -> None:
        self._log = log
        self._health = health
        self._triggers = triggers
        self._ready = False

    def set_ready(self, *, ready: bool) -> None:
        """Whether events are taken in."""
        self._ready = ready

    async def healthz(self, _: web.Request) -> web.Response:
        """200 while events are taken in."""
        return web.Response(status=200 if self._ready else 503)

    async def status(self, _: web.Request) -> web.Response:
        """`{"triggers": {NAME: {delivered, dead_lettered, waiting, retrying, dead, oldest_wait}},
        "troubles": [{kind, about, detail}], …facts}`.

        `oldest_wait` is in seconds, null when nothing waits. Triggers that have left the
        manifests are listed as long as they have dead events.
        """
        report = self._health.condition.report()
        try:
            return web.json_response({"triggers": self._all(), **report})
        except sqlite3.Error:  # a trouble tells why
            return web.json_response({"triggers": None, **report})

    def _all(self) -> Mapping[str, object]:
        counts = self._log.counts()
        gone = [name for name, counted in counts.items() if counted["dead"]]
        names = dict.fromkeys([*self._triggers, *gone])
        return {name: self._one(name, counts) for name in names}

    def _one(self, trigger: str, counts: Mapping[str, Mapping[str, int]]) -> dict[str, object]:
        oldest = self._log.oldest(trigger)
        wait = None if oldest is None else round(max(0.0, self._log.clock.now() - oldest), 3)
        return {**counts.get(trigger, _NOTHING), "oldest_wait": wait}

    async def dead(self, request: web.Request) -> web.StreamResponse:
        """What nobody took, of `?trigger=` or of all: a JSON list, oldest first, without data."""
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        after, separator = None, "["
        while page := self._log.dead(request.query.get("trigger"), after):
            text = ",\n".join(json.dumps(asdict(entry)) for entry in page)
            await response.write(f"{separator}{text}".encode())
            after, separator = page[-1], ",\n"
        await response.write(b"[]" if separator == "[" else b"]")
        return response
