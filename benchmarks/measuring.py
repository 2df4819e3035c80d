"""One run: which measures it is made of, and in which order."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext

from benchmarks.bench import Bench
from benchmarks.classic import classic_blog
from benchmarks.measures import comments, events, large, memory, reads, starts, writes
from benchmarks.ours import our_blog
from benchmarks.process import NotMeasurable
from benchmarks.results import Run


def beside(bench: Bench) -> None:
    """Both blogs run; whoever is not asked has nothing to do."""
    with our_blog(bench.space("beside")) as ours:
        with classic_blog(bench.peer) if bench.peer else nullcontext() as classic:
            reads.fill(bench, ours, classic, range(20))
            reads.first_page(bench, ours, classic, "few")
            reads.connections(bench, ours, classic)
            reads.fill(bench, ours, classic, range(20, bench.form.posts))
            reads.first_page(bench, ours, classic, "many")
            writes.posts(bench, ours, classic)
        comments.until_seen(bench, ours)


def start(bench: Bench) -> None:
    """Each function, and everything."""
    starts.functions(bench)
    starts.make_run(bench)


GROUPS: Mapping[str, Callable[[Bench], None]] = {
    "beside": beside,
    "start": start,
    "memory": memory.whole,
    "large": large.growth,
    "events": events.growth,
}


def measure(bench: Bench, groups: list[str], keep: Callable[[Run], object]) -> None:
    """Make the run, and keep it after each group, so that who ends it early has what there is.

    A group that cannot be measured here is noted, and the others go on.
    """
    for name in groups:
        try:
            GROUPS[name](bench)
        except NotMeasurable as error:
            bench.run.missing[name] = str(error)
            bench.say(f"not measured: {name}: {error}")
        bench.run.notes["busiest load generator"] = f"{bench.wrk.busiest:.0%} of one core"
        keep(bench.run)
