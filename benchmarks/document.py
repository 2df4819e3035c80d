"""What docs/benchmarks.md says of the runs that are kept; the words around it are a person's."""

from collections.abc import Iterator, Sequence

from benchmarks.results import Run
from benchmarks.table import details, table

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


class NoPlace(Exception):
    """The document has lost the two lines between which the figures stand."""


def renewed(document: str, runs: Sequence[Run], plots: Sequence[str]) -> str:
    """The document with these runs, oldest first, and these plots."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise NoPlace(f"write {BEGIN} and {END} where the figures belong")
    words = "\n".join(_measured(runs, plots))
    return f"{before}{BEGIN}\n{words}\n{END}{after}"


def _measured(runs: Sequence[Run], plots: Sequence[str]) -> Iterator[str]:
    newest = runs[-1]
    yield "## The aims, and runs one after another"
    yield table([(run.date[:16].replace("T", " "), run) for run in runs])
    yield from ("", "## What lies behind the ratios, in the newest run", details(newest))
    yield from ("", "| of the newest run | |", "| --- | --- |")
    known = {"date": newest.date, "commit": newest.commit, "command": f"`{newest.command}`"}
    for name, value in {**known, **newest.notes}.items():
        yield f"| {name} | {value} |"
    for what, why in newest.missing.items():
        yield f"| not measured: {what} | {why} |"
    if plots:
        yield from ("", "## How it grows")
    for plot in plots:
        yield f"![{plot}](benchmarks/{plot}.svg)"
