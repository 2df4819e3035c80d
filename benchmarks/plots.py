"""Curves as SVG files, the same bytes for the same figures: changes with how they look."""

import re
from collections.abc import Mapping
from math import ceil, floor, log10
from pathlib import Path

import pygal
from pygal.style import CleanStyle

from benchmarks.results import Curve
from benchmarks.table import number

# The day and the version, which change without the figures, and scripts, which no reader runs.
_PASSING = re.compile(r"<!--.*?-->|<script.*?</script>", re.DOTALL)
_STYLE = CleanStyle(background="#ffffff", plot_background="#ffffff")


def write(curves: Mapping[str, Curve], folder: Path) -> list[str]:
    """One file for each curve; their names."""
    for name, curve in curves.items():
        (folder / f"{name}.svg").write_text(draw(curve), "utf-8")
    return list(curves)


def draw(curve: Curve) -> str:
    """The SVG; both axes are logarithmic, so what grows in proportion is a straight line."""
    chart = pygal.XY(
        title=f"{curve.y} by {curve.x}",
        x_title=curve.x,
        logarithmic=True,
        style=_STYLE,
        js=[],
        range=_decades(curve),
        x_labels=sorted({x for points in _lines(curve).values() for x, _ in points}),
        truncate_label=-1,
        disable_xml_declaration=True,
        width=800,
        height=450,
        value_formatter=number,
        x_value_formatter=number,
        legend_at_bottom=True,
        print_values=False,
    )
    chart.uuid = "plot"  # made up by chance otherwise
    for name, points in _lines(curve).items():
        chart.add(name, points)
    return _PASSING.sub("", chart.render(is_unicode=True)) + "\n"


def _lines(curve: Curve) -> dict[str, list[tuple[float, float]]]:
    """The points; nothing at all stands at 1, as a logarithmic axis has no 0."""
    return {name: [(max(x, 1.0), y) for x, y in line] for name, line in curve.lines.items()}


def _decades(curve: Curve) -> tuple[float, float]:
    """From a power of ten to a power of ten: a small change looks small."""
    values = [y for line in curve.lines.values() for _, y in line]
    return 10.0 ** floor(log10(min(values))), 10.0 ** ceil(log10(max(values)))
