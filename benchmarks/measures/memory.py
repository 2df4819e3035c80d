"""What the local blog has in memory, shared pages counted once: changes with what loads it."""

import time
from pathlib import Path
from statistics import median

import psutil

from benchmarks.aims import FUNCTIONS
from benchmarks.bench import Bench
from benchmarks.latency import busy
from benchmarks.loading import add_posts
from benchmarks.measures.writes import JSON, write_post
from benchmarks.ours import Ours, our_blog
from benchmarks.process import NotMeasurable
from benchmarks.results import Curve, Figure
from benchmarks.wrk import Shots
from broker.runner.register import read_register
from tests.e2e.running import DEAD_LETTERS

REQUESTS = 10_000
MIB = 2**20
BLOG = "blog"


def whole(bench: Bench) -> None:
    """Each function after 10,000 requests, the whole blog, and whether it grows under load."""
    if not Path("/proc/self/smaps_rollup").exists():
        raise NotMeasurable("only Linux tells how much memory programs share")
    with our_blog(bench.space("memory")) as ours:
        bench.say("10,000 requests to each function")
        posts = _load(bench, ours)
        for name, size in _sizes(ours).items():
            bench.keep(f"memory-{name}", Figure(unit="MiB", rounds=[size]))
        if bench.form.soak:
            _soak(bench, ours, posts[0])


def _load(bench: Bench, ours: Ours) -> list[str]:
    """Posts, comments (which `moderation` judges one by one), reads, looks at the dead letters."""
    posts = add_posts(ours, range(20))
    comment = Shots(
        url=_url(ours.comments_port),
        method="POST",
        body='{"content": "Nice to read, says reader #."}',
        headers=JSON,
        paths=[f"/posts/{post}/comments" for post in posts],
    )
    dead = Shots(url=_url(ours.running.port + DEAD_LETTERS, "/dead"))
    for shots in (write_post(ours.posts_port), comment, ours.first_page, dead):
        _repeat(bench, shots)
        ours.settle()
    return posts


def _url(port: int, path: str = "") -> str:
    return f"http://127.0.0.1:{port}{path}"


def _repeat(bench: Bench, shots: Shots) -> None:
    sent = 0
    while sent < REQUESTS:
        sent += bench.wrk.fire(shots, 1).requests


def _sizes(ours: Ours) -> dict[str, float]:
    """MiB of each function, by the name of its Service, and of the whole."""
    register = read_register(ours.running.data)
    sizes = {name: _of_tree(register[name].pid) for name in FUNCTIONS}
    return {**sizes, BLOG: _of_tree(ours.running.process.pid)}


def _of_tree(pid: int) -> float:
    process = psutil.Process(pid)
    tree = [process, *process.children(recursive=True)]
    return sum(float(each.memory_full_info().pss) for each in tree) / MIB


def _soak(bench: Bench, ours: Ours, post: str) -> None:
    """Comments at a steady rate and reads in between; the size after each turn."""
    bench.say(f"load for {bench.form.soak / 60:.0f} minutes")
    began = time.monotonic()
    lines: dict[str, list[tuple[float, float]]] = {}
    while (minutes := (time.monotonic() - began) / 60) < bench.form.soak / 60:
        busy(ours, post, range(250), per_second=50)
        bench.wrk.fire(ours.first_page, 5)
        for name, size in _sizes(ours).items():
            lines.setdefault(name, []).append((round(minutes, 2), round(size, 2)))
    bench.draw("memory", Curve("minutes of load", "MiB", lines, linear=True))
    bench.keep("memory-growth", Figure(unit="MiB", rounds=[growth([y for _, y in lines[BLOG]])]))


def growth(sizes: list[float]) -> float:
    """From the second sixth to the last: the first one fills what is kept for ever."""
    sixth = max(1, len(sizes) // 6)
    return median(sizes[-sixth:]) - median(sizes[sixth : 2 * sixth] or sizes)
