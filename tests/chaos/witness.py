"""What goes over the network, as somebody beside it sees it: changes with what is to be counted."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Fact(NamedTuple):
    """What names an event for ever."""

    source: str
    id: str


class Witness:
    """Counts deliveries and publications of each event, and remembers what the event said."""

    def __init__(self) -> None:
        self._sent: Counter[tuple[str, Fact]] = Counter()
        self._taken: Counter[tuple[str, Fact]] = Counter()
        self._told: dict[Fact, set[tuple[str, ...]]] = {}

    def sent(self, to: str, headers: Mapping[str, str]) -> None:
        """Somebody sent this `to` somebody, whether or not it arrives."""
        if fact := self._hear(headers):
            self._sent[to, fact] += 1

    def answered(self, to: str, headers: Mapping[str, str], *, status: int) -> None:
        """It was answered; `headers` are those of what was sent."""
        if 200 <= status < 300 and (fact := self._hear(headers)):
            self._taken[to, fact] += 1

    def replied(self, headers: Mapping[str, str]) -> None:
        """An answer, which may be an event too."""
        self._hear(headers)

    @property
    def redeliveries(self) -> int:
        """How often an event was sent where it had been sent before."""
        return _repeated(self._sent.values())

    @property
    def absorbed(self) -> int:
        """How often an event was taken where it had been taken before."""
        return _repeated(self._taken.values())

    def contradictions(self) -> list[str]:
        """Events that said different things under one source and id."""
        return [
            f"doubled: {fact} was said to be {len(said)} different facts: {sorted(said)}"
            for fact, said in self._told.items()
            if len(said) > 1
        ]

    def _hear(self, headers: Mapping[str, str]) -> Fact | None:
        known = {name.lower(): value for name, value in headers.items()}
        if "ce-id" not in known:
            return None
        fact = Fact(known["ce-source"], known["ce-id"])
        said = tuple(known.get(f"ce-{name}", "") for name in ("type", "subject", "time"))
        self._told.setdefault(fact, set()).add(said)
        return fact


def _repeated(times: Iterable[int]) -> int:
    return sum(each - 1 for each in times)
