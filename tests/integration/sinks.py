"""A broker on a port of its own that answers as told: changes when tests ask more of it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Sink:
    """A broker on a port of its own that answers as told and keeps what it was sent."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.status: int | None = 202
        self.said = b""
        self.together: threading.Barrier | None = None
        sink = self

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.requests.append((self.path, dict(self.headers), body))
                if sink.together:
                    sink.together.wait(30)
                if sink.status is None:  # die without an answer
                    self.close_connection = True
                    return
                self.send_response(sink.status)
                if sink.status >= 300:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(sink.said)))
                self.end_headers()
                self.wfile.write(sink.said)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/blog/default"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
