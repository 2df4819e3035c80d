"""All lanes: one for each stage of each Trigger's deliveries; changes when that split does."""

import asyncio
from collections.abc import Iterable
from functools import partial

from broker.lane import Deliver, Lane
from broker.log import EventLog
from broker.pace import Probing, Steady
from broker.records import Delivery, Stage
from broker.window import Window


class Lanes:
    """Where a durable delivery goes on from: what a sink does not take holds up nothing else."""

    def __init__(self) -> None:
        self._lanes: dict[tuple[str, Stage], Lane] = {}

    def dispatch(self, delivery: Delivery) -> None:
        """A delivery became durable."""
        self._lanes[delivery.trigger, delivery.stage].add(delivery)

    def start(self, triggers: Iterable[str], log: EventLog, deliver: Deliver) -> None:
        """Begin with what the log holds."""
        for trigger in triggers:
            for stage in Stage:
                fetch = partial(log.first_due, trigger, stage)
                pace = Probing() if stage is Stage.KEPT else Steady()
                self._lanes[trigger, stage] = Lane(Window(fetch), deliver, log.clock.due, pace)
        for lane in self._lanes.values():
            lane.start()

    async def stop(self, within: float) -> None:
        """Let the attempts under way end within this many seconds."""
        await asyncio.gather(*(lane.stop(within) for lane in self._lanes.values()))
