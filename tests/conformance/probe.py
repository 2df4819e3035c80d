"""A subscriber over real HTTP that answers as a test tells it and remembers what it got."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from eventing.cloudevent import CloudEvent, read_event


class Never(threading.Event):
    """Not set for whoever waits in another process: there it arrives as another one."""

    def __reduce__(self) -> tuple[type["Never"], tuple[()]]:
        return Never, ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the probe says; `after` is waited for first, `drop` hangs up without a word."""

    status: int = 202
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: threading.Event | None = None
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """One request: the event in it, its headers in lower case, when it came (monotonic)."""

    event: CloudEvent
    headers: Mapping[str, str]
    at: float


class Probe:
    """Answers each path with its scripted answers, the last one for ever; 202 without any."""

    def __init__(self, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self._changed = threading.Condition()
        self._answers: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._received: defaultdict[str, list[Received]] = defaultdict(list)
        self._server = Server(address, self._respond)
        # Asked for its end, it looks so many seconds later at the latest.
        looking = {"poll_interval": 0.02}
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs=looking, daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def script(self, path: str, *answers: Answer) -> None:
        """From now on `path` is answered so."""
        with self._changed:
            self._answers[path] = deque(answers)

    def received(self, path: str) -> list[Received]:
        """What has come to `path` so far, in order."""
        with self._changed:
            return list(self._received[path])

    def wait_for(self, path: str, count: int, within: float = 20.0) -> list[Received]:
        """What has come to `path` once it is `count` requests; TimeoutError names the shortage."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self._received[path]) >= count, within)
            if not came:
                raise TimeoutError(f"{path}: {len(self._received[path])} of {count} requests")
            return list(self._received[path])

    def count(self) -> int:
        """How many requests have come so far, to all paths."""
        with self._changed:
            return sum(map(len, self._received.values()))

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _respond(self, path: str, received: Received) -> Answer:
        with self._changed:
            self._received[path].append(received)
            self._changed.notify_all()
            answers = self._answers[path]
            answer = answers.popleft() if len(answers) > 1 else next(iter(answers), Answer())
        if answer.after is not None:
            answer.after.wait(60)
        return answer


Respond = Callable[[str, Received], Answer]


class Server(ThreadingHTTPServer):
    """Answers every POST of an event with what `respond` makes of its path and itself."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], respond: Respond) -> None:
        super().__init__(address, _Requests)
        self.respond = respond


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(read_event(headers, body), headers, time.monotonic())
        answer = self.server.respond(self.path, received)
        if answer.drop:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        # The other side may have given up waiting by now.
        try:
            self.wfile.write(answer.body)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: what came is in `received`."""
