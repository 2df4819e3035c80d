"""Posts accepted a second, beside the classic blog: changes with how a write is sent."""

import json
import time
from functools import partial

from benchmarks import texts
from benchmarks.bench import Bench
from benchmarks.classic import Classic
from benchmarks.ours import Ours
from benchmarks.results import Figure
from benchmarks.site import Site
from benchmarks.wrk import Shots

JSON = ("Content-Type: application/json",)
_BESIDE = (
    ("posts-function", "function", "classic"),
    ("posts-ingress", "ingress", "classic"),
    ("posts-settled", "function-settled", "classic-settled"),
)


def posts(bench: Bench, ours: Ours, classic: Classic | None) -> None:
    """All events of a round have arrived everywhere before the next round begins."""
    bench.say("write posts")
    takes = [
        partial(_take, bench, ours, "function", write_post(ours.posts_port)),
        partial(_take, bench, ours, "ingress", write_post(ours.ingress_port, "/api/posts")),
    ]
    if classic:
        takes.append(partial(_take, bench, classic, "classic", write_post(classic.posts_port)))
    found = bench.in_turns(takes)
    for key, mine, its in _BESIDE:
        figure = Figure(unit="posts/s", rounds=found[mine], beside=found.get(its, ()))
        bench.keep(key, figure)


def _take(bench: Bench, site: Site, name: str, shots: Shots) -> dict[str, float]:
    """Posts accepted a second, and the same until all their events had arrived."""
    began = time.monotonic()
    load = bench.wrk.fire(shots, bench.form.seconds)
    site.settle()
    taken = time.monotonic() - began
    return {name: load.per_second, f"{name}-settled": load.requests / taken}


def write_post(port: int, path: str = "/posts") -> Shots:
    """A post of everyday length, over and over."""
    return Shots(
        url=f"http://127.0.0.1:{port}{path}",
        method="POST",
        body=json.dumps({"title": "Post number #", "body": texts.BODY}),
        headers=JSON,
    )
