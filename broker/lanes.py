"""All lanes: one to each Trigger's subscriber, one to its sink; changes when that split does."""

import asyncio
from collections.abc import Iterable
from functools import partial

from broker.lane import Deliver, Lane
from broker.log import EventLog
from broker.records import Delivery
from broker.window import Window


class Lanes:
    """Where a durable delivery goes on from. A sink has a lane of its own beside its Trigger's."""

    def __init__(self) -> None:
        self._lanes: dict[tuple[str, bool], Lane] = {}

    def dispatch(self, delivery: Delivery) -> None:
        """A delivery became durable."""
        self._lanes[delivery.trigger, delivery.to_sink].add(delivery)

    def start(self, triggers: Iterable[str], log: EventLog, deliver: Deliver) -> None:
        """Begin with what the log holds."""
        for trigger in triggers:
            for to_sink in (False, True):
                fetch = partial(log.first_due, trigger, to_sink=to_sink)
                self._lanes[trigger, to_sink] = Lane(Window(fetch), deliver)
        for lane in self._lanes.values():
            lane.start()

    async def stop(self, within: float) -> None:
        """Let the attempts under way end within this many seconds."""
        await asyncio.gather(*(lane.stop(within) for lane in self._lanes.values()))
