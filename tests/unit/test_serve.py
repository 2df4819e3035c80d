"""How much of a machine the server of a function uses, and what it makes of a request's head."""

import asyncio
import os
import threading
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from eventing import serve
from eventing.asgi import FIELD_LIMIT, HEAD_LIMIT, Application, is_sound, to_environ
from eventing.patience import step_aside

HERE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "5000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, HERE),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, HERE),
        ({"cpu.max": "99900000 100000\n"}, HERE),
        ({}, HERE),
    ],
    ids=["v2", "a part", "v2 without", "v1", "v1 without", "more than there are", "none"],
)
def test_a_containers_limit_is_kept(tmp_path: Path, files: dict[str, str], cpus: int) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert serve.cpus(tmp_path) == cpus


def test_few_cpus_leave_room_for_those_that_wait_and_many_are_used() -> None:
    assert [serve.threads(cpus) for cpus in (1, 2, 3, 16)] == [8, 8, 12, 64]


@pytest.mark.parametrize("source", ["no/such/main.py", "README.md", "functions"])
def test_a_source_that_is_none_is_named(source: str) -> None:
    with pytest.raises(SystemExit, match=f"{source} is no Python file"):
        serve.load(Path(source), "posts")


def test_a_target_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "main.py").touch()
    with pytest.raises(SystemExit, match="defines no 'posts'"):
        serve.load(tmp_path / "main.py", "posts")


@pytest.mark.parametrize(
    ("fields", "sound"),
    [
        ([(b"x-a", b"")] * FIELD_LIMIT, True),
        ([(b"x-a", b"")] * (FIELD_LIMIT + 1), False),
        ([(b"x", b"y" * (HEAD_LIMIT - 1))], True),
        ([(b"x", b"y" * HEAD_LIMIT)], False),
        ([(b"host", b"a")], True),
        ([(b"host", b"a"), (b"host", b"b")], False),
    ],
)
def test_a_head_is_bounded_and_names_one_host(
    fields: list[tuple[bytes, bytes]], *, sound: bool
) -> None:
    assert is_sound(fields) == sound


def test_a_head_is_read_as_wsgi_has_it() -> None:
    fields = [
        (b"content-type", b"text/plain"),
        (b"ce_type", b"Forged"),
        (b"ce-type", b"Real"),
        (b"accept", b"a"),
        (b"accept", b"b"),
    ]
    scope = {
        "method": "GET",
        "raw_path": b"/posts/%C3%A9",
        "query_string": b"limit=%32",
        "http_version": "1.1",
        "headers": fields,
    }
    environ = to_environ(scope)
    assert environ["PATH_INFO"] == "/posts/Ã©"
    assert environ["QUERY_STRING"] == "limit=%32"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert (environ["HTTP_CE_TYPE"], environ["HTTP_ACCEPT"]) == ("Real", "a, b")


@pytest.mark.parametrize(
    ("url", "at_once"),
    [
        ("sqlite:///data/query.db", True),
        ("", True),
        ("postgresql://db/blog", False),
        ("postgres://db/blog", False),
    ],
)
def test_only_where_the_database_is_a_file_no_thread_is_needed(url: str, *, at_once: bool) -> None:
    assert serve.is_file({"DATABASE_URL": url}) == at_once


@pytest.mark.parametrize(
    ("at_once", "takes_time", "answered"),
    [(True, False, ["inside"]), (True, True, ["thread"]), (False, True, ["thread"])],
)
def test_only_what_takes_time_needs_a_thread(
    *, at_once: bool, takes_time: bool, answered: list[str]
) -> None:
    answered_in: list[str] = []

    def entry(_: Request) -> Response:
        if takes_time:
            step_aside()
        inside = threading.current_thread() is threading.main_thread()
        answered_in.append("inside" if inside else "thread")
        return Response("hi")

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(_ask(Application(entry, pool, at_once=at_once)))

    assert answered_in == answered


async def _ask(application: Application) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(_: MutableMapping[str, Any]) -> None:
        pass

    head = {"method": "POST", "raw_path": b"/", "query_string": b"", "http_version": "1.1"}
    await application({**head, "headers": []}, receive, send)
