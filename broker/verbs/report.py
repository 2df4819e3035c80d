"""How `status` is told to a person: what is wrong and what to do, then tables."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from time import time
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from broker.verbs.summary import Report
from eventing.logs import printable

Line = tuple[str, ...]
Lines = Callable[[Report], Iterable[Line]]

WIDE = 1_000  # columns: the lines of a pipe are not folded
NO, SILENT = "no", "no answer"
COUNTS = ("delivered", "waiting", "retrying", "deadLettered", "dead")


def show(report: Report, *tables: Lines, as_json: bool) -> None:
    """Print all of it: as JSON, or for a person with these tables before those of all blogs."""
    if as_json:
        click.echo(json.dumps(report, indent=2))
        return
    _print_troubles(report["troubles"])
    print_tables(*(lines(report) for lines in (*tables, *TABLES)))


def _print_troubles(troubles: Iterable[Any]) -> None:
    for one in troubles:
        about = one["about"] if one["about"] != one["where"] else ""
        place = printable(": ".join(filter(None, [one["where"], about])))
        _print(Text.assemble((one["kind"], "bold red"), f"  {place}"))
        _print(Padding(Text(printable(one["detail"])), (0, 0, 1, 4)))
    if not troubles:
        click.echo("All is well.\n")


def print_tables(*tables: Iterable[Line]) -> None:
    """Print them on standard output; the first line of each names its columns.

    A table without another line is left out.
    """
    for names, *lines in map(list, tables):
        if lines:
            _print(_table(names, *lines))
            click.echo()


def _print(what: RenderableType) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    with console.capture() as captured:
        console.print(what)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def _table(names: Line, *lines: Line) -> Table:
    table = Table(names[0], box=None, pad_edge=False)
    for name in names[1:]:
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(*(_cell(text) for text in line))
    return table


def _cell(text: str) -> Text:
    return Text(printable(text), "bold red" if text in (NO, SILENT) else "")


def program_lines(report: Report) -> Iterator[Line]:
    """Each program of this machine."""
    yield "program", "up", "restarts", "memory"
    for name, one in report.get("programs", {}).items():
        up = age(one["uptime"]) if one["up"] else NO
        yield name, up, str(one["restarts"]), size(one["memory"])


def trigger_lines(report: Report) -> Iterator[Line]:
    """What the local broker has delivered and what it has not."""
    yield "trigger", "delivered", "waiting", "retrying", "letters", "dead", "oldest"
    if "triggers" in report and report["triggers"] is None:
        yield "the broker", SILENT
        return
    for name, one in report.get("triggers", {}).items():
        yield name, *(_count(one.get(count)) for count in COUNTS), age(one.get("oldestWait"))


def outbox_lines(report: Report) -> Iterator[Line]:
    """Each outbox with what it has not published yet."""
    yield "outbox", "unpublished", "refused", "oldest"
    for name, one in report.get("outboxes", {}).items():
        counts = (_count(one.get(count)) for count in ("unpublished", "refused"))
        yield name, *counts, age(one.get("oldestWait"))


def copy_lines(report: Report) -> Iterator[Line]:
    """Each copy of another function's data, and how it follows that one's history."""
    yield "copy in", "of", "behind", "repaired", "compared"
    for name, feeds in report.get("copies", {}).items():
        for feed, one in feeds.items():
            if not isinstance(one, dict):
                continue  # something else that this version tells of its copies
            counts = (_count(one.get(count)) for count in ("behind", "repaired"))
            yield name, feed, *counts, since(one.get("comparedAt"))


def letter_lines(report: Report) -> Iterator[Line]:
    """The dead letters that are left."""
    yield "dead letters", "waiting for a person", "retrying"
    for name, one in report.get("deadLetters", {}).items():
        counts = (_count(one.get(count)) for count in ("waitingForPerson", "retrying"))
        yield name, *counts


TABLES: tuple[Lines, ...] = (outbox_lines, copy_lines, letter_lines)


def _count(number: object) -> str:
    return "-" if number is None else str(number)


def since(moment: str | None) -> str:
    """How long ago a time of RFC 3339 was; `-` for none."""
    if moment is None:
        return "-"
    return f"{age(max(0.0, time() - datetime.fromisoformat(moment).timestamp()))} ago"


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
