"""Figures beside their aims, as a table in Markdown: changes with its columns."""

from collections.abc import Iterator, Sequence

from benchmarks.aims import AIMS, Aim
from benchmarks.results import Figure, Run
from benchmarks.spread import Spread, spread

NO_FIGURE = "none"
TIMES = "\N{MULTIPLICATION SIGN}"


def table(runs: Sequence[tuple[str, Run]]) -> str:
    """A row for each measure that any of the runs has, a column for each run; empty without any."""
    every = [run for _, run in runs]
    rows = [_row(aim, every) for aim in AIMS if any(aim.key in run.figures for run in every)]
    heads = ["measure", "aim", *(name for name, _ in runs)]
    return "\n".join(_lines([heads, ["---"] * len(heads), *rows]))


def details(run: Run) -> str:
    """The figures behind the ratios of one run: medians, lowest and highest of the rounds."""
    heads = ["measure", "unit", "this blog", "beside it", "rounds"]
    rows = [_detail(aim, run.figures[aim.key]) for aim in AIMS if aim.key in run.figures]
    return "\n".join(_lines([heads, ["---"] * len(heads), *rows]))


def misses(run: Run) -> list[str]:
    """The measures whose aim this run misses."""
    return [
        f"{aim.title}: {text(figure.compared())}, aim {_bound(aim, figure)}"
        for aim in AIMS
        if (figure := run.figures.get(aim.key))
        if is_met(aim, figure) is False
    ]


def is_met(aim: Aim, figure: Figure) -> bool | None:
    """Whether the median reaches the aim; None without an aim, or without what it speaks of."""
    if aim.bound is None or (aim.ratio and not figure.beside):
        return None
    found = figure.compared().median
    return found >= aim.bound if aim.least else found <= aim.bound


def text(found: Spread) -> str:
    """`2.1 (1.9 to 2.4)`: the median, and the lowest and the highest round."""
    if found.low == found.high:
        return number(found.median)
    return f"{number(found.median)} ({number(found.low)} to {number(found.high)})"


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _row(aim: Aim, runs: Sequence[Run]) -> list[str]:
    figures = [run.figures.get(aim.key) for run in runs]
    known = next(figure for figure in figures if figure)
    return [aim.title, _bound(aim, known), *(_cell(aim, figure) for figure in figures)]


def _cell(aim: Aim, figure: Figure | None) -> str:
    if figure is None:
        return NO_FIGURE
    mark = {True: " ✓", False: " ✗", None: ""}[is_met(aim, figure)]
    return f"{text(figure.compared())}{mark}"


def _bound(aim: Aim, figure: Figure) -> str:
    if aim.bound is None:
        return ""
    unit = TIMES if aim.ratio else f" {figure.unit}"
    return f"{'≥' if aim.least else '≤'} {aim.bound:g}{unit}"


def _detail(aim: Aim, figure: Figure) -> list[str]:
    beside = text(spread(figure.beside)) if figure.beside else ""
    rounds = str(len(figure.rounds))
    return [aim.title, figure.unit, text(spread(figure.rounds)), beside, rounds]


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        yield f"| {' | '.join(row)} |"
