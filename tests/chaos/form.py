"""How much chaos, and where it comes from: changes with what can be chosen."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Store(StrEnum):
    """Where the functions keep their state."""

    POSTGRES = "postgres"
    SQLITE = "sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One run: so many accepted writes by so many clients, and the seed of all chances."""

    writes: int
    seed: int
    store: Store = Store.POSTGRES
    copies: int = 1
    """Processes of each function; the network sends each request to any of them."""
    clients: int = 8
    outages: tuple[float, ...] = (5.0,)
    """Seconds for which a service may be away whole, all of its copies."""
    last_outage: float = 30.0
    """Seconds for which `query` is away at the end: its Triggers' retries take 15.5, and an event
    needs some to reach the broker where everybody has just started."""
    settle_within: float = 120.0
    """Seconds from the last fault until readers see everything as it should be."""

    def chance(self, of: str) -> Random:
        """The chances of one part: what another part draws does not move them."""
        return Random(f"{self.seed} {of}")  # noqa: S311 - to be repeated, not to be secret
