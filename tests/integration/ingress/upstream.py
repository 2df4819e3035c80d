"""A function as the ingress sees it: records what arrives, and answers as it is told to."""

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int

    def names(self) -> set[str]:
        return {name.lower() for name, _ in self.headers}

    def header(self, name: str) -> str | None:
        return next((value for n, value in self.headers if n.lower() == name.lower()), None)


@dataclass
class Upstream:
    """A recording HTTP server; while `asleep` is given and not set, it answers nothing."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    asleep: threading.Event | None = None
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._answerer())
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def forget(self) -> None:
        """Be as new."""
        self.wake()
        self.seen.clear()
        self.status, self.body, self.headers = 200, b"{}", {}

    def sleep(self) -> None:
        self.asleep = threading.Event()

    def wake(self) -> None:
        if self.asleep:
            self.asleep.set()
        self.asleep = None

    def close(self) -> None:
        self.wake()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def _answerer(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Answerer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = tuple(self.headers.items())
                peer = self.client_address[1]
                upstream.seen.append(Seen(self.command, self.path, headers, body, peer))
                if asleep := upstream.asleep:
                    asleep.wait(20)
                content = upstream.body
                self.send_response(upstream.status)
                for name, value in {"Content-Type": "text/x", **upstream.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with suppress(ConnectionError):  # nginx may have given up waiting
                    self.wfile.write(b"" if self.command == "HEAD" else content)
                    self.wfile.flush()

            do_GET = do_HEAD = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        return Answerer
