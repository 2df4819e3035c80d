"""The broker's own clock, which no change of the machine's clock moves.

It runs as `time.monotonic` does and goes on over restarts of the broker. Only when the machine
itself has been restarted, or where that cannot be told, it is set by the machine's clock again,
and never back behind what the log holds. While a laptop sleeps it stands still.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

Tick = Callable[[], float]

FOR_GOOD = 1e11  # a due time that never comes, in the year 5138: only the next start moves it

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Moment(NamedTuple):
    """When an event came in: by the machine's clock, by the broker's, and when it is due."""

    wall: float
    taken: float
    due: float


class Kept(NamedTuple):
    """What the log holds about time: the boot of the machine in which it was last set, how far the
    clock was ahead of `time.monotonic` then, when the newest event came in, the latest due time.
    """

    boot: str
    ahead: float
    newest: float
    latest_due: float


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds since 1970, about: `ahead` of the ticks. Due times are `lead` seconds later still.

    With that lead, whatever waited at the start is due then, however the clock stood when its due
    time was written, and in the order in which it would have been.
    """

    ahead: float
    lead: float = 0.0
    tick: Tick = time.monotonic

    def now(self) -> float:
        """What waiting is measured by."""
        return self.tick() + self.ahead

    def due(self) -> float:
        """Due times up to this one have come."""
        return self.tick() + self.ahead + self.lead

    def moment(self) -> Moment:
        """This moment."""
        now = self.now()
        return Moment(time.time(), now, now + self.lead)


def set_clock(kept: Kept, boot: str, *, wall: float, tick: Tick = time.monotonic) -> Clock:
    """The clock for a broker that starts now with what its log holds."""
    now = tick()
    goes_on = boot and boot == kept.boot
    ahead = max(kept.ahead if goes_on else wall - now, kept.newest - now)
    return Clock(ahead, max(0.0, kept.latest_due - now - ahead), tick)


def this_boot() -> str:
    """Which start of the machine this is; empty where that cannot be told."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""
