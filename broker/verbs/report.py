"""How `status` is told to a person, in columns; changes with what they should see at once."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

Report = Mapping[str, Any]
Line = tuple[str, ...]

WIDE = 1_000  # columns: the lines of a pipe are not folded
NO = "[bold red]no[/]"
SILENT = "[bold red]no answer[/]"
COUNTS = ("delivered", "waiting", "retrying", "dead-lettered", "dead")


def show(report: Report) -> None:
    """Print what runs, what is delivered and what is still to be published."""
    print_tables(_programs(report), _triggers(report), outbox_lines(report))


def print_tables(*tables: Iterable[Line]) -> None:
    """Print them on standard output; the first line of each names its columns."""
    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    for lines in tables:
        console.print(_table(*lines))
        console.print()


def _table(names: Line, *lines: Line) -> Table:
    table = Table(names[0], box=None, pad_edge=False)
    for name in names[1:]:
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(*line)
    return table


def _programs(report: Report) -> Iterator[Line]:
    yield "program", "up", "restarts", "memory"
    for name, one in report["programs"].items():
        up = age(one["uptime"]) if one["up"] else NO
        yield name, up, str(one["restarts"]), size(one["memory"])


def _triggers(report: Report) -> Iterator[Line]:
    yield "trigger", *COUNTS, "oldest wait"
    if report["triggers"] is None:
        yield "the broker", SILENT
        return
    for name, one in report["triggers"].items():
        counts = [str(one[count.replace("-", "_")]) for count in COUNTS]
        yield name, *counts, age(one["oldest_wait"])


def outbox_lines(report: Report) -> Iterator[Line]:
    """Each outbox with what it has not published yet."""
    yield "outbox", "unpublished", "oldest wait"
    for name, one in report["outboxes"].items():
        yield (name, str(one["unpublished"]), age(one["oldest_wait"])) if one else (name, SILENT)


def age(seconds: float | None) -> str:
    """A time span in its largest unit: `41 s`, `12 min`, `3 h`, `5 d`; `-` for none."""
    if seconds is None:
        return "-"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def size(count: int | None) -> str:
    """Bytes in MiB; `-` for none."""
    return "-" if count is None else f"{count / 2**20:.0f} MiB"
