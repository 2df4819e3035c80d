"""`blog run` from its start to its end, as a process of its own."""

import os
import select
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from broker.runner.register import read_register
from broker.runner.settings import PROJECT
from tests.e2e.running import (
    BROKER,
    COMMENTS,
    INGRESS,
    POSTS,
    QUERY,
    RunningBlog,
    environment,
    eventually,
    still_there,
)

Start = Callable[..., RunningBlog]
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
PROGRAMS = ["--target posts", "broker.serve", "nginx: master"]
HELD = "is held in flight"

STAND_IN = """
import json, sys, threading
from werkzeug.wrappers import Response
def {name}(request):
    asked = {{**request.args, **json.loads(request.get_data() or b"{{}}")}}
    if "hold" in asked:
        print("{name} is held in flight", file=sys.stderr, flush=True)
        threading.Event().wait(float(asked["hold"]))
    if "noise" in asked:
        print("x" * asked["noise"], file=sys.stderr, flush=True)
    return Response(json.dumps({{"name": "{name}"}}), content_type="application/json")
"""
# -P: `broker` is the copy's, so everything that the runner finds beside itself is the copy's too.
ENTRY = (sys.executable, "-P", "-c", "from broker.cli import main; main(prog_name='blog')")


def project(folder: Path) -> Path:
    """A copy of the project whose functions are stand-ins that do as they are told."""
    for part in ("broker", "eventing", "knative/base"):
        shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("posts", "comments", "moderation", "query", "dead_letters"):
        (folder / "functions" / name).mkdir(parents=True)
        (folder / "functions" / name / "main.py").write_text(STAND_IN.format(name=name))
    words = "functions/moderation/kustomization.yaml"  # a manifest too: the ConfigMap of the words
    shutil.copy(PROJECT / words, folder / words)
    (folder / "web" / "dist").mkdir(parents=True)
    (folder / "web" / "dist" / "index.html").write_text("<!doctype html>")
    shutil.copytree(PROJECT / "web" / "nginx", folder / "web" / "nginx")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "project")


@pytest.fixture
def start(tmp_path: Path, root: Path) -> Iterator[Start]:
    """Starts blogs of stand-ins, each with a data folder of its own, and ends them all."""
    started: list[RunningBlog] = []

    def run(data: Path | None = None, **env: str) -> RunningBlog:
        data = data or tmp_path / f"data-{len(started)}"
        blog = RunningBlog(data, environment(PYTHONPATH=str(root), **env), ENTRY)
        started.append(blog)
        return blog.start()

    yield run
    for blog in started:
        blog.kill()


def test_it_says_where_everything_is_and_finds_all_again_at_the_next_start(tmp_path: Path) -> None:
    blog = RunningBlog(tmp_path / "data").start().ready()
    try:
        for place in (blog.port, f"{blog.port}/api", f"{blog.port + 1}/blog/default"):
            assert f"http://localhost:{place}\n" in blog.said()
        assert "Writing is open" in blog.said()
        status, post = blog.ask("POST", "/posts", {"title": "Kept"})
        assert status == 201
        eventually(lambda: blog.ask("GET", f"/posts/{post['id']}")[0] == 200)
        assert blog.stop() == 0
        blog.start().ready()
        assert blog.ask("GET", f"/posts/{post['id']}")[1]["title"] == "Kept"
    finally:
        blog.kill()


def test_no_text_that_the_ingress_has_kept_outlives_a_stop(start: Start) -> None:
    blog = start()
    blog.ready()
    left = blog.data / "ingress" / "answers" / "a" / "bc" / "text"
    left.parent.mkdir(parents=True)
    left.write_text("deleted")
    assert blog.stop() == 0
    assert not left.exists()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_stops_every_process(start: Start, number: signal.Signals) -> None:
    blog = start().ready()
    family = blog.family()
    assert len(family) > 7 * 2  # leash and program; and what nginx starts
    assert blog.stop(number) == 0
    assert still_there(family) == []


def test_the_broker_yields_to_whoever_answers_people(start: Start) -> None:
    blog = start().ready()
    broker, posts = blog.program("broker.serve"), blog.program("--target posts")
    assert broker.nice() == min(19, posts.nice() + 10)


def test_what_is_in_flight_is_answered_before_the_end(start: Start) -> None:
    blog = start().ready()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(blog.ask, "PATCH", "/posts/p1", {"hold": 1.5})
        eventually(lambda: HELD in blog.said())
        blog.process.send_signal(signal.SIGTERM)
        eventually(lambda: not blog.listens(INGRESS))
        assert all(blog.listens(place) for place in (BROKER, POSTS, QUERY))
        assert answer.result() == (200, {"name": "posts"})
        assert blog.stop() == 0


def test_the_broker_is_there_until_the_last_function_is_done(start: Start) -> None:
    blog = start().ready()
    url = f"http://127.0.0.1:{blog.port + QUERY}/posts?hold=1.5"
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(urlopen, url)
        eventually(lambda: HELD in blog.said())
        blog.process.send_signal(signal.SIGTERM)
        eventually(lambda: not blog.listens(POSTS))
        assert blog.listens(BROKER)
        assert answer.result().status == 200
        assert blog.stop() == 0


def test_a_second_interrupt_ends_at_once(start: Start) -> None:
    blog = start().ready()
    family = blog.family()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(blog.ask, "PATCH", "/posts/p1", {"hold": 10})
        eventually(lambda: HELD in blog.said())
        blog.process.send_signal(signal.SIGINT)
        eventually(lambda: not blog.listens(), within=5)
        assert blog.stop(signal.SIGINT) == 130
        # Cut off, or answered by an ingress that saw the function go first.
        assert answer.exception() or answer.result()[0] == 502
    assert still_there(family) == []


def test_no_process_outlives_a_kill_of_the_runner(start: Start) -> None:
    blog = start().ready()
    family = blog.family()
    blog.process.kill()
    blog.process.wait()
    eventually(lambda: not still_there(family), within=5)


def test_no_process_outlives_a_kill_of_the_runner_while_it_starts(start: Start) -> None:
    blog = start()
    eventually(lambda: len(blog.family()) > 2)
    family = blog.family()
    blog.process.kill()
    blog.process.wait()
    eventually(lambda: not still_there(family), within=5)


@pytest.mark.parametrize("words", PROGRAMS)
def test_a_program_that_dies_is_started_again_and_the_log_says_so(start: Start, words: str) -> None:
    blog = start().ready()
    blog.program(words).kill()
    name = {"--target posts": "posts", "broker.serve": "broker"}.get(words, "ingress")
    eventually(
        lambda: f"{name} ended (killed by SIGKILL); it is started again in 0.5 s" in blog.said()
    )
    eventually(lambda: f"{name} is up again" in blog.said())
    assert read_register(blog.data)[name].restarts == 1
    assert blog.ask("PATCH", "/posts/p1", {}) == (200, {"name": "posts"})
    assert "Address already in use" not in blog.said()
    assert blog.stop() == 0


def test_a_program_that_lost_its_leash_gets_a_new_one(start: Start) -> None:
    blog = start().ready()
    os.kill(os.getpgid(blog.program("--target posts").pid), signal.SIGKILL)
    eventually(lambda: "posts is up again" in blog.said())
    family = blog.family()
    blog.process.kill()
    blog.process.wait()
    eventually(lambda: not still_there(family), within=5)


def refusal(blog: RunningBlog) -> str:
    """What a blog that could not start says: one line."""
    eventually(blog.ended)
    assert blog.process.returncode == 1
    assert blog.said().startswith("Error: ")
    assert blog.said().count("\n") == 1
    return blog.said()


@pytest.mark.parametrize(
    ("place", "whose", "option"),
    [
        (INGRESS, "ingress", "--port"),
        (BROKER, "broker", "--broker-port"),
        (COMMENTS, "comments", "--function-port"),
    ],
)
def test_a_taken_port_is_named_with_its_remedy(
    tmp_path: Path, place: int, whose: str, option: str
) -> None:
    blog = RunningBlog(tmp_path / "data")
    taken = blog.port + place
    with closing(socket.create_server(("127.0.0.1", taken))):
        assert refusal(blog.start()) == (
            f"Error: port {taken} (for {whose}) is taken: end the program that listens there, "
            f"or choose another with {option}\n"
        )


def test_a_broken_manifest_is_named_with_file_and_field(start: Start, root: Path) -> None:
    file = root / "knative" / "base" / "query.yaml"
    file.write_text(file.read_text().replace("timeout: PT10S", "timeout: soon"))
    said = refusal(start())
    assert "query.yaml" in said
    assert "timeout" in said


def test_a_function_that_dies_at_start_is_named_with_its_last_line(
    start: Start, root: Path
) -> None:
    source = root / "functions" / "comments" / "main.py"
    source.write_text('raise LookupError("no comments today")')
    blog = start()
    assert refusal(blog) == (
        "Error: comments ended at its start (exit status 1), last saying: LookupError: no comments "
        "today; to see all that it says, run it alone: "
        "python -m eventing.serve --source functions/comments/main.py --target comments\n"
    )
    assert not blog.listens()


def test_a_page_that_is_not_built_is_named_with_its_remedy(start: Start, root: Path) -> None:
    (root / "web" / "dist" / "index.html").unlink()
    assert "use `make run`" in refusal(start())


def test_a_data_folder_that_cannot_be_one_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "choose another with --data" in refusal(start(tmp_path / "file"))


def test_two_runners_do_not_share_a_data_folder(start: Start) -> None:
    first = start().ready()
    second = RunningBlog(first.data, first.env, first.command)
    second.words = first.data.with_suffix(".second.log")
    assert f"(process {first.process.pid})" in refusal(second.start())
    assert first.ask("GET", "/posts")[0] == 200


def test_the_start_does_not_call_writing_open_when_there_is_a_token(start: Start) -> None:
    token = {"AUTHOR_TOKEN": "known-to-the-author"}
    assert "Writing is open" not in start(**token).ready().said()


def test_it_hears_a_signal_although_there_is_no_room_for_its_first_words(start: Start) -> None:
    blog = start().ready()
    blog.stop()
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w"):
        os.set_blocking(writing, False)
        with suppress(BlockingIOError):
            while True:
                os.write(writing, b"x")
        os.set_blocking(writing, True)
        blog.start(log=writing)
        state = blog.data / "running.json"
        eventually(lambda: state.is_file() and '"running"' in state.read_text())
        assert blog.stop() == 0


def test_it_hears_a_signal_although_nobody_reads_what_it_says(start: Start) -> None:
    blog = start().ready()
    blog.stop()
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "w"):
        blog.start(log=writing)
        eventually(lambda: blog.listens() and blog.ask("GET", "/posts")[0] == 200)
        with ThreadPoolExecutor() as pool:
            pool.submit(blog.ask, "PATCH", "/posts/p1", {"noise": 2_000_000})
            eventually(lambda: not select.select([], [writing], [], 0)[1])
            assert blog.stop() == 0
