"""What a run tells in the end: changes with what is counted."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.chaos.form import Form


@dataclass(frozen=True, slots=True)
class Report:
    """What happened, and every claim that did not hold."""

    form: Form
    accepted: int
    kills: Mapping[str, int]
    troubles: int
    redeliveries: int
    absorbed: int
    seconds: tuple[float, float]
    """Until all was written, and from the last fault until all was seen."""
    complaints: list[str]

    @property
    def lost(self) -> int:
        """How much was accepted and is not there."""
        return self._count("lost")

    @property
    def doubled(self) -> int:
        """How much happened twice."""
        return self._count("doubled")

    @property
    def unseen(self) -> int:
        """How much is there, and not as readers see it."""
        return self._count("unseen")

    def _count(self, kind: str) -> int:
        return sum(complaint.startswith(kind) for complaint in self.complaints)

    def __str__(self) -> str:
        kills = ", ".join(f"{name} {count}" for name, count in self.kills.items())
        return (
            f"accepted {self.accepted}, kills {sum(self.kills.values())} ({kills}),"
            f" other troubles {self.troubles},"
            f" redeliveries {self.redeliveries}, duplicates absorbed {self.absorbed},"
            f" written in {self.seconds[0]:.0f} s, all seen {self.seconds[1]:.0f} s after the last"
            f" fault, lost {self.lost}, doubled {self.doubled}, unseen {self.unseen},"
            f" seed {self.form.seed}"
        )
