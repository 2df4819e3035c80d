"""The image of a function: what it holds, what it may write, how it ends."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any

import pytest

from tests.images.containers import (
    REGISTRY,
    UNPRIVILEGED,
    Container,
    build,
    inside,
    run,
    running,
)
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("images")


def ask(container: Container, method: str, path: str, title: str) -> tuple[int, Any]:
    """Status and document of the answer to a command."""
    until(container.answers)
    with closing(HTTPConnection("127.0.0.1", container.port, timeout=20)) as connection:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, json.dumps({"title": title}), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


SLOW = 0.3  # seconds, so that a function that does not wait has ended before it is told all


class Sink(ThreadingHTTPServer):
    """A broker that takes its time: its first answer until `released`, each one SLOW seconds."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.released = threading.Event()
        self.asked: list[str] = []
        self.taken: list[str] = []


class _Take(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        event = self.headers["ce-id"]
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(event)
        self.server.released.wait(30)
        threading.Event().wait(SLOW)
        self.send_response(202)
        self.end_headers()
        self.server.taken.append(event)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def sink() -> Iterator[Sink]:
    with Sink() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()


def test_it_answers_on_a_root_that_can_only_be_read(posts: Container) -> None:
    assert ask(posts, "POST", "/posts", "In a container")[0] == 201


def test_it_runs_as_a_user_without_rights(posts: Container) -> None:
    assert posts.do("id", "-u") == "65532"
    assert posts.do("id", "-g") == "65532"


@pytest.mark.parametrize(("folder", "may"), [("/tmp", True), ("/app", False), ("/", False)])  # noqa: S108 - asked for
def test_it_may_write_to_tmp_only(posts: Container, folder: str, *, may: bool) -> None:
    script = f"touch {PurePosixPath(folder) / 'new'} 2>/dev/null && echo wrote || echo refused"
    assert posts.do("sh", "-c", script) == ("wrote" if may else "refused")


def test_its_files_are_not_its_own_where_the_root_can_be_written() -> None:
    with running("posts", DATABASE_URL="sqlite:////data/posts.db") as container:
        assert ask(container, "POST", "/posts", "On a volume")[0] == 201
        assert container.do("sh", "-c", "find /app -writable") == ""


def test_it_holds_one_function_and_bytecode_of_everything(posts: Container) -> None:
    held = posts.do("sh", "-c", "cd functions && find . -name '*.py' ! -path './posts/*'")
    assert set(held.split()) == {"./__init__.py", "./events.py"}
    sources = posts.do("sh", "-c", "find /app -name '*.py'").split()
    compiled = set(posts.do("sh", "-c", "find /app -name '*.pyc'").split())
    assert len(sources) > 100
    for source in map(PurePosixPath, sources):
        assert str(source.parent / "__pycache__" / f"{source.stem}.cpython-311.pyc") in compiled


def test_what_is_set_wrong_ends_it_with_one_line() -> None:
    with running("posts", *UNPRIVILEGED, K_SERVICE="posts") as container:
        assert container.end() == 1
        assert container.said().startswith("posts: AUTHOR_TOKEN is empty: set it")


def test_asked_to_end_it_publishes_what_waits_and_ends_in_peace() -> None:
    with sink() as broker:
        env = {
            "DATABASE_URL": "sqlite:////tmp/posts.db",
            "K_SINK": f"http://127.0.0.1:{broker.server_port}/",
        }
        with running("posts", *UNPRIVILEGED, **env) as container:
            _, post = ask(container, "POST", "/posts", "0")
            for title in "12345":  # one event after another, as they are of one post
                assert ask(container, "PATCH", f"/posts/{post['id']}", title)[0] == 200
            until(lambda: broker.asked)
            container.terminate()
            until(lambda: not container.answers())
            assert broker.taken == []
            broker.released.set()
            assert container.end() == 0
        assert len(set(broker.taken)) == 6


def test_the_replay_of_its_copy_is_in_the_image() -> None:
    said = inside("query", "python", "-m", "functions.query.replay", "--help")
    assert "--repair" in said


def test_the_same_sources_make_the_same_image() -> None:
    build("posts", tag="again")
    ids = {
        run("buildah", "inspect", "--type=image", "--format={{.FromImageID}}", image)
        for image in (f"{REGISTRY}/posts:test", f"{REGISTRY}/posts:again")
    }
    assert len(ids) == 1
