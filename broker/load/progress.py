"""Shows how far a load is: changes when what a person wants to see on the way does."""

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

NAMES = ("posts", "comments", "settled")
EVERY = 2.0  # seconds between two plain lines


class Display:
    """A bar for each thing counted on a terminal, plain lines now and then elsewhere."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        columns = BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        self.bars = Progress(
            TextColumn("{task.description:>8}"),
            *columns,
            console=console,
            disable=not console.is_interactive,
        )
        self._tasks = {name: self.bars.add_task(name, visible=False) for name in NAMES}
        self._clock = clock
        self._last = clock()

    def show(self, **counts: tuple[int, int]) -> None:
        """How many of how many are done, by the name of what is counted."""
        for name, (done, total) in counts.items():
            self.bars.update(self._tasks[name], completed=done, total=total, visible=True)
        if self.bars.disable and self._clock() - self._last >= EVERY:
            self._last = self._clock()
            self.say(", ".join(f"{name} {done}/{total}" for name, (done, total) in counts.items()))

    def say(self, line: str) -> None:
        """One line of its own, above the bars."""
        self.bars.console.print(line, markup=False, highlight=False, soft_wrap=True)
