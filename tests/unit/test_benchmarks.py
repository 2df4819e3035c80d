"""The pure parts of the benchmarks: sums, tables, the document, plots. No test takes a time."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import document, plots, results
from benchmarks.aims import AIMS, Aim
from benchmarks.document import BEGIN, END, NoPlace
from benchmarks.measures.memory import growth
from benchmarks.results import Curve, Figure, Run
from benchmarks.spread import Spread, percentile, ratios, spread
from benchmarks.table import is_met, misses, number, table, text

READS = Figure(unit="requests/s", rounds=[300, 100, 260], beside=[100, 50, 130])
RUN = Run(
    date="2026-11-24T15:30:00+00:00",
    commit="abc1234",
    command="make bench",
    notes={"memory": "24 GiB"},
    figures={"reads-few-ingress": READS, "run": Figure(unit="s", rounds=[5.0])},
    curves={"posts-p99": Curve("posts", "ms", {"first": [(20, 3.0), (100_000, 4.0)]})},
    missing={"events": "nginx is missing"},
)


def test_a_spread_has_the_middle_and_both_ends() -> None:
    assert spread([5, 1, 3]) == Spread(median=3, low=1, high=5)


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)], ids=str
)
def test_a_percentile_is_one_of_the_values(share: float, value: int) -> None:
    assert percentile(range(100, 0, -1), share) == value


def test_a_ratio_is_formed_within_its_round() -> None:
    assert ratios([300, 100], [100, 50]) == [3, 2]


def test_rounds_that_do_not_pair_form_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])


def test_a_figure_with_nothing_beside_it_is_compared_as_it_is() -> None:
    assert replace(READS, beside=()).compared() == Spread(260, 100, 300)
    assert READS.compared() == Spread(2, 2, 3)


AT_LEAST = Aim(key="k", title="t", bound=2)


@pytest.mark.parametrize(
    ("aim", "figure", "met"),
    [
        (AT_LEAST, READS, True),
        (replace(AT_LEAST, bound=2.1), READS, False),
        (replace(AT_LEAST, least=False), READS, True),
        (replace(AT_LEAST, least=False, bound=1.9), READS, False),
        (replace(AT_LEAST, bound=None), READS, None),
        (AT_LEAST, replace(READS, beside=()), None),
        (replace(AT_LEAST, ratio=False, bound=200), replace(READS, beside=()), True),
    ],
)
def test_the_median_decides_whether_an_aim_is_met(
    aim: Aim, figure: Figure, met: bool | None
) -> None:
    assert is_met(aim, figure) is met


def test_each_measure_has_one_key() -> None:
    assert len({aim.key for aim in AIMS}) == len(AIMS)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.98765, "0.988"), (12.345, "12.3"), (123.4, "123"), (98765.4, "98,765"), (0.0, "0")],
)
def test_a_number_has_three_digits_that_count(value: float, shown: str) -> None:
    assert number(value) == shown


def test_a_spread_in_words_names_the_ends_only_where_there_are_any() -> None:
    assert text(Spread(2, 1, 3)) == "2 (1 to 3)"
    assert text(Spread(2, 2, 2)) == "2"


def test_the_table_has_a_column_for_each_run_and_marks_what_is_met_and_missed() -> None:
    other = replace(RUN, figures={"run": Figure(unit="s", rounds=[3.0])})
    assert table([("one", RUN), ("two", other)]).splitlines() == [
        "| measure | aim | one | two |",
        "| --- | --- | --- | --- |",
        "| reads of the first page, 20 posts, through nginx | ≥ 3× | 2 (2 to 3) ✗ | none |",  # noqa: RUF001
        "| `make run` to the first page | ≤ 4 s | 5 ✗ | 3 ✓ |",
    ]


def test_a_missed_aim_is_told_with_its_figure() -> None:
    assert "`make run` to the first page: 5, aim ≤ 4 s" in misses(RUN)


def test_a_run_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    file = results.write(RUN, tmp_path)
    assert file.name == "2026-11-24T1530.json"
    assert [replace(kept, figures={}, curves={}) for kept in results.kept(tmp_path)] == [
        replace(RUN, figures={}, curves={})
    ]
    assert results.kept(tmp_path)[0].figures["run"].compared() == Spread(5, 5, 5)


def test_the_document_keeps_a_persons_words_and_renews_the_figures() -> None:
    first = document.renewed(f"before\n{BEGIN}\nold\n{END}\nafter\n", [RUN], ["posts-p99"])
    assert first.startswith("before\n")
    assert first.endswith("after\n")
    assert "old" not in first
    assert "![posts-p99](benchmarks/posts-p99.svg)" in first
    assert "| not measured: events | nginx is missing |" in first
    assert document.renewed(first, [RUN], ["posts-p99"]) == first


def test_a_document_without_a_place_for_the_figures_is_refused() -> None:
    with pytest.raises(NoPlace, match="measured: begin"):
        document.renewed("nothing", [RUN], [])


def test_a_plot_is_the_same_bytes_each_time_and_asks_for_nothing() -> None:
    curve = RUN.curves["posts-p99"]
    drawn = plots.draw(curve)
    assert drawn == plots.draw(curve)
    assert "<script" not in drawn
    assert "20</text>" in drawn


def test_a_plot_can_show_what_grows_from_nothing() -> None:
    assert "<svg" in plots.draw(Curve("events", "events/s", {"x": [(0, 900), (10, 800)]}))


def test_a_plot_over_time_begins_at_nothing() -> None:
    drawn = plots.draw(Curve("minutes", "MiB", {"x": [(0.2, 205), (9.8, 213)]}, linear=True))
    assert ">0</text>" in drawn
    assert ">200</text>" in drawn


def test_a_curve_that_the_newest_run_lacks_is_that_of_the_run_before() -> None:
    old, new = Curve("x", "old", {}), Curve("x", "new", {})
    runs = [
        replace(RUN, curves={"memory": old, "events": old}),
        replace(RUN, curves={"events": new}),
    ]
    assert results.newest_curves(runs) == {"memory": old, "events": new}


def test_growth_leaves_out_the_time_in_which_memory_fills_for_ever() -> None:
    assert growth([10, 10, 50, 50, 50, 50, 50, 50, 50, 50, 52, 52]) == 2
