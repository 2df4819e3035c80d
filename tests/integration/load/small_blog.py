"""A small real HTTP server that answers a load as the contract says: changes when that does."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, urlsplit

Document = dict[str, str]
Reply = tuple[int, dict[str, str], object]
PROBLEM = "application/problem+json"
PAGE = 7


class SmallBlog:
    """What was posted, in order; `stumble` may answer instead, or raise to cut the connection."""

    def __init__(self) -> None:
        self.url = ""
        self.token: str | None = None
        self.ahead = timedelta()
        self.posts: list[Document] = []
        self.comments: dict[str, list[Document]] = {}
        self.keys: dict[tuple[str, str], tuple[Document, Document | None]] = {}
        self.lock = Lock()
        self.stumble: Callable[[str, str], Reply | None] = lambda _method, _path: None
        self.judge: Callable[[Document], str] = lambda _comment: "approved"

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        stumbled = self.stumble(method, path)
        if stumbled:
            return stumbled
        with self.lock:
            if method == "GET":
                return self._page(path)
            if path == "/api/posts" and self.token and headers.get("authorization") != self.token:
                return problem(401, "No.")
            return self._create(path, headers["idempotency-key"], json.loads(body))

    def texts(self) -> list[tuple[str, list[str]]]:
        """Every post's body with its comments' contents."""
        return [
            (post["body"], [comment["content"] for comment in self.comments[post["id"]]])
            for post in self.posts
        ]

    def delete(self, number: int) -> None:
        """Delete a post: its key, and its comments, answer 404 from then on."""
        gone = self.posts.pop(number)["id"]
        del self.comments[gone]
        self.keys = {
            name: (sent, None if made and made["id"] == gone else made)
            for name, (sent, made) in self.keys.items()
        }

    def _create(self, path: str, key: str, document: Document) -> Reply:
        first, made = self.keys.get((path, key), (document, {}))
        post = path.split("/")[3] if path != "/api/posts" else None
        if made is None or (post and post not in self.comments):
            return problem(404, "Deleted.")
        if first != document:
            return problem(422, "Key.", {"pointer": "", "detail": "the key was used before"})
        flaw = _flaw(document)
        if flaw:
            return problem(422, "Invalid.", flaw)
        if not made:
            made = self._made(post, document)
            self.keys[path, key] = document, made
        return 201, {}, made

    def _made(self, post: str | None, document: Document) -> Document:
        created = f"{datetime.now(UTC) + self.ahead:%Y-%m-%dT%H:%M:%S.%fZ}"
        made = {**document, "id": f"id-{len(self.keys)}", "createdAt": created}
        if post:
            self.comments[post].append(made)
        else:
            self.posts.append(made)
            self.comments[made["id"]] = []
        return made

    def _page(self, path: str) -> Reply:
        post, query = path.split("/")[3], parse_qs(urlsplit(path).query)
        if post not in self.comments:
            return problem(404, "No such post.")
        at = int(query.get("cursor", ["0"])[0])
        shown = self.comments[post][at : at + PAGE]
        comments = [{"id": comment["id"], "status": self.judge(comment)} for comment in shown]
        more = at + PAGE < len(self.comments[post])
        return 200, {}, {"comments": comments, "next": str(at + PAGE) if more else None}


def problem(status: int, detail: str, *flaws: dict[str, str], **headers: str) -> Reply:
    """A problem answer; `retry_after="1"` is the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    document = {"title": "T", "status": status, "detail": detail, "errors": list(flaws)}
    return status, {"Content-Type": PROBLEM, **named}, document


def _flaw(document: Document) -> dict[str, str] | None:
    for name, text in document.items():
        if "\0" in text:
            return {"pointer": f"#/{name}", "detail": "holds NUL"}
    if not document.get("content", "x").strip() or not document.get("title", "x").strip():
        name = "content" if "content" in document else "title"
        return {"pointer": f"#/{name}", "detail": "is blank"}
    return None


@contextmanager
def serving(blog: SmallBlog) -> Iterator[SmallBlog]:
    """The blog on a free port of the loopback."""

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # head and body in one segment

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                status, extra, document = blog.answer(self.command, self.path, headers, body)
            except ConnectionAbortedError:
                self.close_connection = True
                return
            text = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response_only(status)
            self.send_header("Date", self.date_time_string(_now(blog)))
            for name, value in {"Content-Length": str(len(text)), **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    blog.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield blog
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _now(blog: SmallBlog) -> int:
    return int((datetime.now(UTC) + blog.ahead).timestamp())
