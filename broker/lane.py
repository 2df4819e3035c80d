"""One Trigger's own deliveries, a bounded number at once; changes when a step between them does."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable

from broker.clock import FOR_GOOD
from broker.pace import Pace, Steady
from broker.records import Delivery
from broker.window import Window

PAUSE = 5.0  # after a fault of our own, such as a full disk, seconds until the next try

log = logging.getLogger("broker")

Deliver = Callable[[Delivery], Awaitable[bool]]
"""Makes an attempt and records what follows; False when the other side is away or busy."""


class Lane:
    """Deliveries to one subscriber or sink: what is slow here takes nothing from other lanes.

    `clock` tells up to which due time deliveries are due.
    """

    def __init__(
        self,
        window: Window,
        deliver: Deliver,
        clock: Callable[[], float],
        pace: Pace | None = None,
    ) -> None:
        self._window = window
        self._deliver = deliver
        self._clock = clock
        self._pace = pace or Steady()
        self._under_way: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._resumes = 0.0
        self._open = False

    def start(self) -> None:
        """Begin with what the log holds."""
        self._open = True
        self._pump()

    def add(self, delivery: Delivery) -> None:
        """A delivery became durable."""
        if delivery.due >= FOR_GOOD:
            return
        now = self._clock()
        self._pace.added(now)
        self._window.add(delivery)
        self._pump_at(now)

    def look(self) -> None:
        """Begin what may begin by now."""
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
        self._pump_at(self._clock())

    def _pump_at(self, now: float) -> None:
        try:
            self._begin_what_is_due(now)
        except sqlite3.Error:
            log.exception("deliveries could not be read")
            self._pause()
        self._wake_later(now)

    def _begin_what_is_due(self, now: float) -> None:
        if not self._open or now < self._resumes:
            return
        while self._pace.room(len(self._under_way), now):
            delivery = self._window.take(now)
            if delivery is None:
                return
            task = asyncio.create_task(self._run(delivery))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _wake_later(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = max(self._resumes, self._pace.resumes())
        if at <= now:
            at = self._window.known_due() or now
        if at > now:
            self._timer = asyncio.get_running_loop().call_later(at - now, self._pump)

    def _pause(self) -> None:
        self._resumes = self._clock() + PAUSE

    async def _run(self, delivery: Delivery) -> None:
        """A fault of the log stops the lane for a while, another one this delivery alone.

        The window hands no delivery out again while it is under way, whatever the log says.
        """
        try:
            is_there = await self._deliver(delivery)
        except (sqlite3.Error, OSError):
            self._pause()
            self._put_back(delivery)
            raise
        except Exception:
            asyncio.get_running_loop().call_later(PAUSE, self._put_back, delivery)
            raise
        self._window.end(delivery)
        if is_there:
            self._pace.answered()
        else:
            self._pace.failed(self._clock())

    def _put_back(self, delivery: Delivery) -> None:
        self._window.end(delivery)
        self._window.add(delivery)
        self._pump()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivery could not be recorded", exc_info=error)
        self._pump()
