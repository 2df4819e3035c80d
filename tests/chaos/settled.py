"""When the blog has come to rest by itself: nothing waits anywhere, and nothing is dead."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from eventing import outbox
from eventing.database import Database, StorageUnavailable
from tests.chaos.cast import Cast

PRODUCERS = ("posts", "comments", "moderation")
PAUSE = 0.5  # seconds between two looks


class Rest:
    """Looks for what still waits, and does nothing about it."""

    def __init__(self, cast: Cast, session: aiohttp.ClientSession) -> None:
        self._cast = cast
        self._session = session
        self._databases = {name: Database(cast.databases[name], []) for name in PRODUCERS}

    async def settle(self, within: float) -> list[str]:
        """Return once two looks in a row find nothing waiting and nothing new; else complaints."""
        before: object = None
        seen: Mapping[str, Any] = {}
        try:
            async with asyncio.timeout(within):
                while True:
                    seen = await self._look()
                    if seen == before and not seen["waiting"]:
                        return []
                    before = seen
                    await asyncio.sleep(PAUSE)
        except TimeoutError:
            return [f"unseen: not at rest in time: {json.dumps(seen.get('waiting'))}"]

    def close(self) -> None:
        """Let go of the databases."""
        for database in self._databases.values():
            database.close()

    async def _look(self) -> dict[str, Any]:
        """In the order in which events flow, so that none slips by."""
        try:
            outboxes = await asyncio.to_thread(self._outboxes)
            triggers = (await self._ask("GET", "broker", "/status"))["triggers"]
            dead = [each["trigger"] for each in await self._dead()]
        except (aiohttp.ClientError, StorageUnavailable) as error:
            return {"waiting": {"out of reach": str(error)}}
        waiting = {f"outbox of {name}": left for name, (_, left) in outboxes.items() if left}
        for name, counts in triggers.items():
            if left := counts["waiting"] + counts["retrying"] + counts["dead"]:
                waiting[name] = left
        waiting |= {f"dead letters of {name}": dead.count(name) for name in dead}
        return {"waiting": waiting, "outboxes": outboxes, "delivered": _delivered(triggers)}

    def _outboxes(self) -> dict[str, tuple[int, int]]:
        """How many events each outbox has, and how many of them wait."""
        counted = {}
        for name, database in self._databases.items():
            with database.snapshot() as tx:
                [row] = tx.rows("SELECT COUNT(*) AS there FROM outbox")
                counted[name] = int(row["there"]), outbox.waiting(tx)
        return counted

    async def _dead(self) -> list[dict[str, Any]]:
        page = await self._ask("GET", "dead-letters", "/dead")
        letters: list[dict[str, Any]] = page["deadLetters"]
        return letters

    async def _ask(self, method: str, service: str, path: str) -> Any:
        async with self._session.request(method, self._cast.addresses[service][0] + path) as answer:
            answer.raise_for_status()
            return await answer.json(content_type=None)


def _delivered(triggers: Mapping[str, Mapping[str, int]]) -> int:
    return sum(counts["delivered"] for counts in triggers.values())
