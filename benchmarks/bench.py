"""What every measure is given and writes to: changes with what they have in common."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from benchmarks.results import Curve, Figure, Run
from benchmarks.wrk import Wrk

Rounds = dict[str, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How long and how much: the short, the usual and the full form differ in nothing else."""

    rounds: int
    seconds: int
    """Of each load; a whole number, as wrk wants it."""
    posts: int
    """Of the middle size of reads."""
    large: Sequence[tuple[int, int]]
    """Posts and comments of the growing read model."""
    log: Sequence[int]
    """Events that wait in the broker's log while others are delivered."""
    soak: float
    """Seconds of load over which the memory may not grow; 0 leaves that out."""


QUICK = Form(rounds=5, seconds=1, posts=200, large=((2_000, 20_000),), log=(0,), soak=0)
USUAL = Form(
    rounds=5,
    seconds=3,
    posts=2_000,
    large=((2_000, 20_000), (20_000, 200_000), (100_000, 1_000_000)),
    log=(0, 1_000, 10_000, 100_000, 1_000_000),
    soak=0,
)
FULL = replace(USUAL, soak=600)


@dataclass(slots=True)
class Bench:
    """One run under way. `peer` is the prepared copy of the classic blog, if there is one."""

    form: Form
    folder: Path
    peer: Path | None
    run: Run
    wrk: Wrk = field(default_factory=Wrk)
    _began: float = field(default_factory=time.monotonic)

    def say(self, words: str) -> None:
        """Tell whoever waits what is being done."""
        click.echo(f"{time.monotonic() - self._began:5.0f} s  {words}", err=True)

    def space(self, name: str) -> Path:
        """A new folder for one measure's files."""
        space = self.folder / name
        space.mkdir()
        return space

    def keep(self, key: str, figure: Figure) -> None:
        """A figure of this run."""
        self.run.figures[key] = figure
        self.say(f"        {key}: {figure.compared().median:.3g}")

    def draw(self, key: str, curve: Curve) -> None:
        """A curve of this run."""
        self.run.curves[key] = curve

    def in_turns(self, takes: Sequence[Callable[[], Mapping[str, float]]]) -> Rounds:
        """Everyone's first round, everyone's second, …: the values by their names."""
        found: Rounds = {}
        for _ in range(self.form.rounds):
            for take in takes:
                for name, value in take().items():
                    found.setdefault(name, []).append(value)
        return found
