"""One Trigger's own deliveries, a bounded number at once; changes when that bound's rule does."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import time as now

from broker.records import Delivery
from broker.window import Window

AT_ONCE = 16  # enough for hundreds a second; a subscriber of one process has about 8 threads
PAUSE = 5.0  # after a fault of our own, such as a full disk, seconds until the next try

log = logging.getLogger("broker")

Deliver = Callable[[Delivery], Awaitable[None]]


class Lane:
    """Deliveries to one subscriber or sink: what is slow here takes nothing from other lanes."""

    def __init__(self, window: Window, deliver: Deliver) -> None:
        self._window = window
        self._deliver = deliver
        self._under_way: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._open = False

    def start(self) -> None:
        """Begin with what the log holds."""
        self._open = True
        self._pump()

    def add(self, delivery: Delivery) -> None:
        """A delivery became durable."""
        self._window.add(delivery)
        self._pump()

    async def stop(self, within: float) -> None:
        """Begin no attempt; let those under way end within this many seconds, then give them up."""
        self._open = False
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=within)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _pump(self) -> None:
        while self._open and len(self._under_way) < AT_ONCE:
            delivery = self._window.take(now())
            if delivery is None:
                self._wake_when_due()
                return
            task = asyncio.create_task(self._run(delivery))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _wake_when_due(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._window.next_due()
        if due is not None:
            pause = max(0.0, due - now())
            self._timer = asyncio.get_running_loop().call_later(pause, self._pump)

    async def _run(self, delivery: Delivery) -> None:
        try:
            await self._deliver(delivery)
        except Exception:
            self._window.add(replace(delivery, due=now() + PAUSE))
            raise
        finally:
            self._window.end(delivery)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivery could not be recorded", exc_info=error)
        self._pump()
