"""Reads of the first page, beside the classic blog's: changes with which reads are compared."""

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.bench import Bench
from benchmarks.classic import Classic
from benchmarks.loading import add_comments, add_posts
from benchmarks.ours import Ours
from benchmarks.results import Curve, Figure
from benchmarks.wrk import Shots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.site import Site

COMMENTS = 5  # on each post
CONNECTIONS = (1, 4, 16, 64, 256)


def fill(bench: Bench, ours: Ours, classic: Classic | None, posts: range) -> None:
    """The same posts with five comments each on both."""
    sites: Sequence[Site] = [ours] if classic is None else [ours, classic]
    for site in sites:
        bench.say(f"fill {type(site).__name__.lower()} up to {posts.stop} posts")
        add_comments(site, add_posts(site, posts), COMMENTS)


def first_page(bench: Bench, ours: Ours, classic: Classic | None, size: str) -> None:
    """Requests a second in turns: through nginx, without its cache, at the function, classic."""
    bench.say(f"read the first page, {size} posts")
    found = bench.in_turns(
        [partial(_take, bench, *target) for target in _targets(ours, classic).items()]
    )
    for name in ("ingress", "uncached", "function"):
        figure = Figure(unit="requests/s", rounds=found[name], beside=found.get("classic", ()))
        bench.keep(f"reads-{size}-{name}", figure)


def connections(bench: Bench, ours: Ours, classic: Classic | None) -> None:
    """The same with more and more connections."""
    targets = _targets(ours, classic)
    lines: dict[str, list[tuple[float, float]]] = {name: [] for name in targets}
    for number in CONNECTIONS:
        bench.say(f"read the first page over {number} connections")
        for name, shots in targets.items():
            load = bench.wrk.fire(shots, bench.form.seconds, connections=number)
            lines[name].append((number, load.per_second))
    bench.draw("connections", Curve("connections", "requests/s", lines))


def _take(bench: Bench, name: str, shots: Shots) -> dict[str, float]:
    return {name: bench.wrk.fire(shots, bench.form.seconds).per_second}


def _targets(ours: Ours, classic: Classic | None) -> dict[str, Shots]:
    targets = {
        "ingress": ours.through_nginx,
        "uncached": ours.uncached,
        "function": ours.first_page,
    }
    return targets if classic is None else {**targets, "classic": classic.first_page}
