"""The publisher: one event to the broker, and whether the broker has it."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from eventing.cloudevent import CloudEvent, read_event
from eventing.publisher import (
    SILENCE,
    WORDS,
    EventRefused,
    InvalidOverrides,
    InvalidSink,
    Publisher,
    PublishFailed,
    notice_silence,
)
from tests.integration.sinks import Sink

EVENT = CloudEvent(
    id="1",
    source="/notes",
    type="NoteWritten",
    subject="é \U0001f600 100%",
    datacontenttype="application/json",
    data='{"text":"é"}'.encode(),
    extensions={"partitionkey": "p1", "correlationid": 'c "1"'},
)


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


@pytest.mark.parametrize("status", [400, 401, 403, 405, 409, 410, 413, 415, 422, 431, 451])
def test_an_event_is_refused_for_good_with(sink: Sink, status: int) -> None:
    sink.status, sink.said = status, b"an event has at most 1048576 bytes"

    with pytest.raises(EventRefused) as refusal:
        Publisher(sink.url).publish(EVENT)

    assert refusal.value.status == status
    assert refusal.value.said == "an event has at most 1048576 bytes"


@pytest.mark.parametrize("status", [302, 404, 408, 429, 500, 501, 503, 504])
def test_another_time_may_be_better_after(sink: Sink, status: int) -> None:
    sink.status = status

    with pytest.raises(PublishFailed) as failure:
        Publisher(sink.url).publish(EVENT)

    assert not isinstance(failure.value, EventRefused)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (b'{"detail":"too large"}', "too large"),
        (b'{"detail":{"a":1}}', "{'a': 1}"),
        (b'{"title":"x"}', '{"title":"x"}'),
        (b"[]", "[]"),
        (b"", ""),
        (b" two \n lines\t\x1b[31m ", "two lines \\x1b[31m"),
        (b"\xff" * 9_999, "\N{REPLACEMENT CHARACTER}" * WORDS),
        (b"[" * 9_999, "[" * WORDS),
    ],
)
def test_the_words_of_a_refusal_are_kept_short_and_printable(
    sink: Sink, said: bytes, kept: str
) -> None:
    sink.status, sink.said = 400, said

    with pytest.raises(EventRefused) as refusal:
        Publisher(sink.url).publish(EVENT)

    assert refusal.value.said == kept


def test_a_connection_whose_other_side_has_vanished_ends_within_seconds(sink: Sink) -> None:
    with socket.create_connection(("127.0.0.1", sink.port)) as connected:
        notice_silence(connected)

        assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0
        tcp = {
            name: connected.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
            if hasattr(socket, name)
        }
    if "TCP_USER_TIMEOUT" in tcp:
        assert tcp["TCP_USER_TIMEOUT"] == 1000 * SILENCE
        probes = tcp["TCP_KEEPCNT"] * tcp["TCP_KEEPINTVL"]
        assert tcp["TCP_KEEPIDLE"] + probes <= SILENCE <= 30


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
