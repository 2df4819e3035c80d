"""The publisher: one event to the broker, and whether the broker has it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from eventing.cloudevent import CloudEvent, read_event
from eventing.publisher import InvalidOverrides, InvalidSink, Publisher, PublishFailed

EVENT = CloudEvent(
    id="1",
    source="/notes",
    type="NoteWritten",
    subject="é \U0001f600 100%",
    datacontenttype="application/json",
    data='{"text":"é"}'.encode(),
    extensions={"partitionkey": "p1", "correlationid": 'c "1"'},
)


class Sink:
    """A broker on a port of its own that answers as told and keeps what it was sent."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.status: int | None = 202
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
                self.send_header("Content-Length", "0")
                self.end_headers()

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


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.close()


def test_an_event_arrives_as_it_was_in_binary_mode(sink: Sink) -> None:
    Publisher(sink.url).publish(EVENT)

    [(path, headers, body)] = sink.requests
    assert path == "/blog/default"
    assert headers["content-type"] == "application/json"
    assert headers["ce-id"] == "1"
    assert read_event(headers, body) == EVENT


@pytest.mark.parametrize("status", [200, 202, 204])
def test_the_broker_has_an_event_that_it_answered_with(sink: Sink, status: int) -> None:
    sink.status = status

    Publisher(sink.url).publish(EVENT)

    assert len(sink.requests) == 1


@pytest.mark.parametrize("status", [302, 307, 400, 404, 413, 429, 500, 503])
def test_nobody_knows_that_the_broker_has_an_event_after(sink: Sink, status: int) -> None:
    sink.status = status

    with pytest.raises(PublishFailed, match=f"answered {status}"):
        Publisher(sink.url).publish(EVENT)

    assert [path for path, _, _ in sink.requests] == ["/blog/default"]


def test_a_broker_that_dies_without_an_answer_may_have_the_event(sink: Sink) -> None:
    sink.status = None

    with pytest.raises(PublishFailed):
        Publisher(sink.url).publish(EVENT)

    assert len(sink.requests) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://broker.invalid/"])
def test_a_broker_that_cannot_be_reached_has_no_event(sink: Sink, url: str) -> None:
    sink.close()

    with pytest.raises(PublishFailed):
        Publisher(url.format(port=sink.port)).publish(EVENT)


def test_events_are_published_at_once(sink: Sink) -> None:
    sink.together = threading.Barrier(8)
    publisher = Publisher(sink.url)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(publisher.publish, [EVENT] * 8))

    assert len(sink.requests) == 8


def test_overrides_of_the_platform_are_on_every_event(sink: Sink) -> None:
    Publisher(sink.url, '{"extensions":{"tenant":"é","shard":1}}').publish(EVENT)

    [(_, headers, body)] = sink.requests
    assert read_event(headers, body) == EVENT.with_extensions(tenant="é", shard="1")


@pytest.mark.parametrize("overrides", ["", " ", "{}", '{"extensions":{}}'])
def test_overrides_may_be_empty(sink: Sink, overrides: str) -> None:
    Publisher(sink.url, overrides).publish(EVENT)

    [(_, headers, body)] = sink.requests
    assert read_event(headers, body) == EVENT


@pytest.mark.parametrize("overrides", ["{", "[]", "1", "null", '{"extensions":[]}'])
def test_overrides_that_are_none_end_the_start(overrides: str) -> None:
    with pytest.raises(InvalidOverrides, match="K_CE_OVERRIDES"):
        Publisher("http://127.0.0.1/", overrides)


@pytest.mark.parametrize(
    "url", ["http://[", "broker", "http:///broker", "ftp://broker/", "http://broker:port/"]
)
def test_a_sink_that_is_none_ends_the_start(url: str) -> None:
    with pytest.raises(InvalidSink, match="K_SINK"):
        Publisher(url)
