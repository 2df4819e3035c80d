"""Curves as SVG files, the same bytes for the same figures: changes with how they look."""

import io
from collections.abc import Mapping
from math import ceil, floor, log10
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from benchmarks.results import Curve
from benchmarks.table import number

# The day and the version change without the figures.
_NO_PASSING = {"Date": None, "Creator": None}


def write(curves: Mapping[str, Curve], folder: Path) -> list[str]:
    """One file for each curve; their names."""
    for name, curve in curves.items():
        (folder / f"{name}.svg").write_text(draw(curve), "utf-8")
    return list(curves)


def draw(curve: Curve) -> str:
    """The SVG; over sizes both axes are logarithmic: growth in proportion is a straight line."""
    file = io.StringIO()
    # Names inside the file are made up by chance otherwise; letters stay letters.
    with mpl.rc_context({"svg.hashsalt": "benchmarks", "svg.fonttype": "none"}):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        _plot(curve, figure.add_subplot())
        figure.savefig(file, format="svg", metadata=_NO_PASSING)
    return file.getvalue()


def _plot(curve: Curve, axes: Axes) -> None:
    lines = _lines(curve)
    for name, points in lines.items():
        axes.plot(*zip(*points, strict=True), marker="." if curve.linear else "o", label=name)
    axes.set(title=f"{curve.y} by {curve.x}", xlabel=curve.x)
    if curve.linear:
        axes.set_ylim(bottom=0)
    else:
        axes.set(xscale="log", yscale="log")
        axes.set_ylim(_decades(curve))
        axes.set_xticks(sorted({x for points in lines.values() for x, _ in points}))
        axes.xaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.grid(alpha=0.3)
    axes.legend()


def _lines(curve: Curve) -> dict[str, list[tuple[float, float]]]:
    """The points; nothing at all stands at 1 of a logarithmic axis, which has no 0."""
    if curve.linear:
        return {name: list(line) for name, line in curve.lines.items()}
    return {name: [(max(x, 1.0), y) for x, y in line] for name, line in curve.lines.items()}


def _decades(curve: Curve) -> tuple[float, float]:
    """From a power of ten to a power of ten: a small change looks small."""
    values = [y for line in curve.lines.values() for _, y in line]
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return 10.0**low, 10.0 ** max(high, low + 1)
