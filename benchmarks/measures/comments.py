"""A comment from its POST to where readers see it approved, beside the classic blog."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.classic import classic_blog
from benchmarks.latency import busy, idle
from benchmarks.loading import add_posts
from benchmarks.ours import Ours
from benchmarks.results import Figure
from benchmarks.site import Site
from benchmarks.spread import percentile

IDLE, BUSY = range(100), range(100, 350)  # the numbers of a round's comments
PER_SECOND = 50.0


def until_seen(bench: Bench, ours: Ours) -> None:
    """p50 and p99 in milliseconds, one comment at a time and at 50 comments a second."""
    bench.say("comments until they are seen")
    [post] = add_posts(ours, range(1))
    takes = [partial(_observed, ours, post, "ours")]
    if bench.peer:
        takes.append(partial(_classic, bench.peer))
    found = bench.in_turns(takes)
    for state in ("idle", "busy"):
        for part in ("p50", "p99"):
            beside = found.get(f"classic-{state}-{part}", ())
            figure = Figure(unit="ms", rounds=found[f"ours-{state}-{part}"], beside=beside)
            bench.keep(f"comment-{state}-{part}", figure)
    for blog in ("ours", "classic"):
        if lost := found.get(f"{blog}-lost"):
            bench.run.notes[f"comments never seen, {blog}"] = (
                f"{sum(lost):.0f} of {len(lost) * BUSY.stop}"
            )


def _classic(peer: Path) -> dict[str, float]:
    """On a fresh one: it answers with all comments there ever were, so it slows down with them."""
    with classic_blog(peer) as classic:
        [post, *_] = add_posts(classic, range(20))
        return _observed(classic, post, "classic")


def _observed(site: Site, post: str, name: str) -> dict[str, float]:
    idly = idle(site, post, IDLE)
    busily = busy(site, post, BUSY, per_second=PER_SECOND)
    site.settle()
    lost = sum(taken is None for taken in (*idly, *busily))
    return {
        **_parts(f"{name}-idle", idly),
        **_parts(f"{name}-busy", busily),
        f"{name}-lost": lost,
    }


def _parts(name: str, taken: Sequence[float | None]) -> dict[str, float]:
    """Of those that were seen: the classic blog loses some that overtake one another."""
    seen = [each for each in taken if each is not None]
    return {f"{name}-p50": percentile(seen, 0.5), f"{name}-p99": percentile(seen, 0.99)}
