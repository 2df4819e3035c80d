"""The blog on a machine, and by a caller, of whom nothing is as usual: one start for all of it."""

import os
import resource
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from broker.runner.settings import has_ipv6
from tests.e2e.running import BROKER, POSTS, RunningBlog, environment, eventually
from tests.e2e.test_run import ENTRY, project

TOKEN = "known-to-the-author-alone"  # noqa: S105 - not a real one
# As nohup and a shell's background do, a supervisor that reaps by itself and blocks its signals,
# a careless profile, and a container, whose first process inherits all orphans.
CARELESS = """
import ctypes, os, resource, signal, sys
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGCHLD):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
os.umask(0o000)
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
os.execv(sys.argv[1], sys.argv[1:])
"""
ODD = {
    "AUTHOR_TOKEN": TOKEN,
    "AWS_SECRET_ACCESS_KEY": "nobody's business",
    "COLUMNS": "7",
    "LC_ALL": "C",
    "MAKEFLAGS": "-j",
    "NODE_OPTIONS": "--no-such-option",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "TERM": "dumb",
    "TMPDIR": "/nowhere",
    "http_proxy": "http://127.0.0.1:9",
}


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBlog]:
    """A blog of stand-ins, ready, whose data was there before and open to everybody."""
    folder = tmp_path_factory.mktemp("odd")
    root = project(folder / 'it\'s "R&D" $HOME 100% é#1')
    data = folder / 'da\'ta "x" & $HOME 100%41 ?a=b#f é\n'
    data.mkdir()
    (data / "posts.db").touch(0o666)
    data.chmod(0o777)
    env = environment(PYTHONPATH=str(root), **ODD)
    del env["HOME"]
    running = RunningBlog(data, env, (sys.executable, "-c", CARELESS, *ENTRY)).start()
    try:
        yield running.ready()
    finally:
        running.kill()


def test_the_page_is_there_at_every_address_that_localhost_may_mean(blog: RunningBlog) -> None:
    for host in ["127.0.0.1", *(["::1"] if has_ipv6() else [])]:
        with closing(HTTPConnection(host, blog.port, timeout=20)) as connection:
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b"<!doctype html>")


def test_what_the_caller_ignores_stays_ignored_and_ends_are_still_noticed(
    blog: RunningBlog,
) -> None:
    for number in (signal.SIGHUP, signal.SIGINT):
        blog.process.send_signal(number)
    blog.program("--target posts").kill()
    eventually(lambda: "posts ended (killed by SIGKILL)" in blog.said())
    eventually(lambda: "posts is up again" in blog.said())


def test_workers_that_outlive_their_program_leave_nothing_behind(blog: RunningBlog) -> None:
    blog.program("nginx: master").kill()
    eventually(lambda: "ingress is up again" in blog.said())
    runner = psutil.Process(blog.process.pid)
    assert psutil.STATUS_ZOMBIE not in {child.status() for child in runner.children()}


def test_each_process_has_what_it_needs_in_its_environment_and_no_secret_of_others(
    blog: RunningBlog,
) -> None:
    family = blog.family()
    assert len(family) > 7 * 2
    environments = {process.pid: process.environ() for process in family}
    knowing = {pid for pid, env in environments.items() if TOKEN in env.values()}
    writers = {blog.program(f"--target {name}").pid for name in ("posts", "comments")}
    assert knowing == writers
    ours = {"AUTHOR_TOKEN", "LC_ALL", "TMPDIR"}
    for env in environments.values():
        assert not (ODD.keys() - ours) & env.keys()
        assert "MAKELEVEL" not in env


def test_every_file_is_for_this_user_only(blog: RunningBlog) -> None:
    found = [blog.data, *blog.data.rglob("*")]
    assert {"running.json", ".lock", "ingress", "nginx.conf", "posts.db"} <= {f.name for f in found}
    for file in found:
        mode = file.lstat().st_mode
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # nginx opens its sockets to everybody
            assert stat.S_IMODE(mode) == (0o700 if stat.S_ISDIR(mode) else 0o600), file


def test_a_small_limit_of_open_files_is_raised_as_far_as_allowed(blog: RunningBlog) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for words in ("--target posts", "broker.serve", "nginx: master"):
        soft, _ = blog.program(words).rlimit(psutil.RLIMIT_NOFILE)
        assert soft >= min(hard, 4_096)


def test_it_ends_in_an_orderly_way(blog: RunningBlog) -> None:
    assert all(blog.listens(place) for place in (BROKER, POSTS))
    assert blog.stop(signal.SIGTERM) == 0
    assert not (blog.data / "running.json").exists()
    assert os.fspath(blog.data) not in blog.said()


def test_nobody_has_to_hear_what_it_says(tmp_path: Path) -> None:
    """With closed streams, whose numbers other files would get, and a disk that takes no word."""
    root = project(tmp_path / "project")
    deaf = ("/bin/sh", "-c", 'exec "$@" <&- >/dev/full 2>&-', "sh", *ENTRY)
    blog = RunningBlog(tmp_path / "data", environment(PYTHONPATH=str(root)), deaf).start()
    try:
        state = blog.data / "running.json"
        eventually(lambda: state.is_file() and '"running"' in state.read_text())
        streams = [Path(f"/proc/{blog.process.pid}/fd/{number}") for number in range(3)]
        leading_to = [os.fspath(stream.readlink()) for stream in streams]
        assert leading_to == [os.devnull, "/dev/full", os.devnull]
        assert blog.ask("GET", "/posts")[0] == 200
        assert blog.stop() == 0
    finally:
        blog.kill()
