"""What one run has found, as it is kept in a file: changes with what is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from benchmarks.spread import Spread, ratios, spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measure: a value for each round, and for what it is set beside a value each, too."""

    unit: str
    rounds: Sequence[float]
    beside: Sequence[float] = ()

    def compared(self) -> Spread:
        """What is held against the aim: the ratios where there is something beside it."""
        return spread(ratios(self.rounds, self.beside) if self.beside else self.rounds)


@dataclass(frozen=True, slots=True)
class Curve:
    """How a figure grows with something: a line of points (x, y) for each of several things."""

    x: str
    y: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    linear: bool = False
    """Over time, and not over sizes, of which each is ten times the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: when it was, how it was asked for, on what machine (`notes`), what was found."""

    date: str
    commit: str
    command: str
    notes: dict[str, str]
    figures: dict[str, Figure] = field(default_factory=dict)
    curves: dict[str, Curve] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """Measures that could not be made here, and why."""


def write(run: Run, folder: Path) -> Path:
    """Keep the run in the folder; its file is named for its date."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{run.date[:16].replace(':', '')}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(run)) + b"\n")
    return file


def newest_curves(runs: Sequence[Run]) -> dict[str, Curve]:
    """Of each curve the one of the newest run that has it, of runs that come oldest first."""
    return {name: curve for run in runs for name, curve in run.curves.items()}


def kept(folder: Path) -> list[Run]:
    """The runs in the folder, oldest first."""
    return [
        msgspec.json.decode(file.read_bytes(), type=Run) for file in sorted(folder.glob("*.json"))
    ]
