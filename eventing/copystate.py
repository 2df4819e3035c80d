"""How a copy stands to each history: what one process knows of it, and what operators are told."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from eventing.clock import ago, now
from eventing.condition import Finding, Trouble
from eventing.database import Row

LATE = 180.0  # seconds until a comparison that does not come to its end is a trouble
TOLD_FOR = timedelta(hours=1)  # that a copy had to be repaired


@dataclass(slots=True)
class Standing:
    """How the comparison with one history goes in this process; monotonic times in seconds."""

    due_since: float | None = None
    """Since when a comparison has been due that has not come to its end."""
    tried: float = float("-inf")
    """When the last comparison began that has ended, well or not."""
    behind: int = 0
    """How many events were left then: younger ones, or those of an interrupted comparison."""
    compared_at: str | None = None
    problem: str = "it takes long"

    def begin(self) -> None:
        """A comparison is due."""
        if self.due_since is None:
            self.due_since = time.monotonic()

    def succeed(self, behind: int, at: str) -> None:
        """It came to its end."""
        self.due_since, self.behind, self.compared_at = None, behind, at

    def fail(self, problem: str) -> None:
        """It did not."""
        self.problem = problem
        self.behind = max(1, self.behind)

    def late(self) -> float:
        """For how many seconds it has been due, if that is too long; else 0."""
        waited = time.monotonic() - self.due_since if self.due_since is not None else 0.0
        return waited if waited > LATE else 0.0


def find(
    standings: Mapping[str, Standing], kept: Mapping[str, Row], skipped: Sequence[Row]
) -> Finding:
    """The facts and troubles of a copy: from this process, and as they are `kept`."""
    facts = {name: _facts(standing, kept.get(name)) for name, standing in standings.items()}
    troubles = [
        *(_behind(name, each) for name, each in standings.items() if each.late()),
        *_repaired(kept),
        *(_skipped(row) for row in skipped),
    ]
    return Finding(facts, troubles)


def _facts(standing: Standing, row: Row | None) -> dict[str, object]:
    return {
        "comparedAt": standing.compared_at or (row["compared_at"] if row else None),
        "behind": standing.behind,
        "repaired": row["repaired"] if row else 0,
        "repairedAt": row["repaired_at"] if row else None,
    }


def _behind(feed: str, standing: Standing) -> Trouble:
    minutes = round(standing.late() / 60)
    detail = (
        f"The copy could not be compared with the history of {feed} for {minutes} min:"
        f" {standing.problem}. See whether {feed} runs."
    )
    return Trouble("copy-behind", feed, detail)


def _repaired(kept: Mapping[str, Row]) -> Iterator[Trouble]:
    recently = ago(now(), TOLD_FOR)
    for feed, row in kept.items():
        if row["repaired_at"] and row["repaired_at"] > recently:
            detail = (
                f"The copy was not as the history of {feed} says, and took from it what was"
                f" missing: {row['repaired']} so far, the last at {row['repaired_at']}. If the"
                " broker was away or a backup was restored, nothing is left to do; else see whether"
                " the broker was made again, lost its log or lacks a Trigger."
            )
            yield Trouble("copy-repaired", feed, detail)


def _skipped(row: Row) -> Trouble:
    detail = (
        f"An event of {row['feed']} was left out of the copy: {row['why']}. Mend what it meets,"
        " then run `blog replay` for this function."
    )
    return Trouble("event-skipped", f"{row['feed']} {row['id']}", detail)
