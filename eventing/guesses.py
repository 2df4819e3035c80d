"""Counts wrong tokens by the address that they came from, and stops whoever tries many."""

import logging
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

from eventing.problem import Refused

MOST_WRONG = 10  # tokens within a window
WINDOW = 60.0  # seconds; so long, too, an address is stopped
ROOM = 10_000  # addresses that are remembered; beyond it the one that has guessed least lately goes

log = logging.getLogger(__name__)


class TooManyGuesses(Refused):
    """Too many wrong tokens came from this address."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, seconds: float) -> None:
        super().__init__(headers={"Retry-After": str(max(1, math.ceil(seconds)))})


@dataclass(slots=True)
class _Record:
    """When the latest wrong tokens came; no token is looked at before `stopped_until`."""

    times: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_WRONG))
    stopped_until: float = 0.0

    def add(self, now: float) -> bool:
        """One more came; whether that was one too many."""
        self.times.append(now)
        if len(self.times) < MOST_WRONG or now - self.times[0] >= WINDOW:
            return False
        self.times.clear()
        self.stopped_until = now + WINDOW
        return True


@dataclass(slots=True)
class Guesses:
    """What this process remembers; `clock` is one that nobody can set back."""

    clock: Callable[[], float] = time.monotonic
    room: int = ROOM
    _records: OrderedDict[str, _Record] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def check(self, address: str) -> None:
        """Raise TooManyGuesses while no token is looked at that comes from there."""
        record = self._records.get(_whose(address)) if self._records else None
        if record is not None and (left := record.stopped_until - self.clock()) > 0:
            raise TooManyGuesses(left)

    def add(self, address: str) -> None:
        """A wrong token came from there."""
        whose = _whose(address)
        with self._lock:
            record = self._records.setdefault(whose, _Record())
            self._records.move_to_end(whose)
            if len(self._records) > self.room:
                self._records.popitem(last=False)
            stopped = record.add(self.clock())
        if stopped:
            log.warning("many wrong tokens", extra={"fields": {"address": whose}})


def _whose(address: str) -> str:
    """One subscriber has a whole /64 of IPv6 addresses."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((found, 64), strict=False))
