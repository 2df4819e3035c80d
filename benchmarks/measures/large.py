"""Reads at the function as the read model grows: changes with what is read, and from how much."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from benchmarks.bench import Bench
from benchmarks.line import answers
from benchmarks.process import Process
from benchmarks.readmodel import CROWDED, ReadModel, crowd, deep
from benchmarks.results import Curve, Figure
from benchmarks.spread import spread
from benchmarks.wrk import Load, Shots
from broker.manifests import load_platform
from broker.runner import programs
from broker.runner.settings import Settings
from tests.e2e.running import environment, free_ports

SMALL = (20, 160)  # posts, comments
CONNECTIONS = 4  # p99 of the function's work, and not of a line before it
READS = ("first", "deep", "post")

Lines = dict[str, list[tuple[float, float]]]


def growth(bench: Bench) -> None:
    """p99 beside that of a small read model, in turns, at each size."""
    with ExitStack() as ends:
        small = ends.enter_context(_query(bench, "small"))
        large = ends.enter_context(_query(bench, "large"))
        small.model.grow(*SMALL)
        lines: dict[str, Lines] = {"p99": {}, "rate": {}, "crowd": {}}
        for posts, comments in (SMALL, *bench.form.large):
            bench.say(f"grow the read model to {posts} posts and {comments} comments")
            large.model.grow(posts, comments)
            _one_size(bench, small, large, lines)
        _draw(bench, lines)


class Query:
    """A running `query` and its read model."""

    def __init__(self, model: ReadModel, port: int) -> None:
        self.model = model
        self.url = f"http://127.0.0.1:{port}"

    def read(self, what: str) -> Shots:
        """The first page of posts, pages deep in the list, or a post of many comments."""
        paths = {
            "first": ["/posts"],
            # In turns, as the function keeps the last page in memory.
            "deep": [f"/posts?cursor={cursor}" for cursor in deep(self.model.posts)],
            "post": [f"/posts/{CROWDED}"],
        }
        return Shots(url=self.url, paths=paths[what])


@contextmanager
def _query(bench: Bench, name: str) -> Iterator[Query]:
    settings = Settings(data=bench.space(name), function_port=free_ports(5))
    every = programs.functions(load_platform(settings.manifests), settings, environment())
    program = next(each for each in every if each.name == "query")
    log = settings.data / "log.txt"
    with Process(program.command, log=log, env=program.environment) as process:
        process.until(lambda: answers(program.port, program.probe), "query")
        yield Query(ReadModel(settings.data / "query.db"), program.port)


def _one_size(bench: Bench, small: Query, large: Query, lines: dict[str, Lines]) -> None:
    found = bench.in_turns(
        [
            partial(_take, bench, query, what, name)
            for what in READS
            for query, name in ((small, "small"), (large, "large"))
        ]
    )
    for what in READS:
        p99, beside = found[f"large-{what}-p99"], found[f"small-{what}-p99"]
        if large.model.posts == bench.form.large[-1][0]:  # smaller ones are points of the curve
            bench.keep(f"large-{what}", Figure(unit="ms", rounds=p99, beside=beside))
        point = (large.model.posts, spread(p99).median)
        lines["p99"].setdefault(what, []).append(point)
        rate = spread(found[f"large-{what}-rate"]).median
        lines["rate"].setdefault(what, []).append((large.model.posts, rate))
    comments = crowd(large.model.comments)
    lines["crowd"].setdefault("a post", []).append((comments, lines["p99"]["post"][-1][1]))


def _take(bench: Bench, query: Query, what: str, name: str) -> dict[str, float]:
    load: Load = bench.wrk.fire(query.read(what), bench.form.seconds, connections=CONNECTIONS)
    return {f"{name}-{what}-p99": load.p99, f"{name}-{what}-rate": load.per_second}


def _draw(bench: Bench, lines: dict[str, Lines]) -> None:
    bench.draw("posts-p99", Curve("posts in the read model", "p99, ms", lines["p99"]))
    bench.draw("posts-rate", Curve("posts in the read model", "requests/s", lines["rate"]))
    bench.draw("comments-p99", Curve("comments on one post", "p99, ms", lines["crowd"]))
