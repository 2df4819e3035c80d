"""The door: which requests are taken, how others are refused, what an event gets on its way."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from eventing.cloudevent import STRUCTURED, write_binary
from tests.conformance.under_test import (
    BrokerUnderTest,
    ProbeTrigger,
    an_event,
    post,
    publish,
    request,
)

TRIGGERS = [
    ProbeTrigger("arrives"),
    ProbeTrigger("arrives-structured"),
    ProbeTrigger("arrives-implied"),
    ProbeTrigger("arrives-with-headers"),
    ProbeTrigger("arrives-again"),
    ProbeTrigger("arrives-large"),
    ProbeTrigger("arrives-bare"),
    ProbeTrigger("arrives-marked"),
    ProbeTrigger("arrives-packed"),
]

EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "arrives-nowhere"}


def without(name: str) -> dict[str, str]:
    """The headers of a valid event but for one."""
    return {key: value for key, value in EVENT.items() if key != name}


def test_an_event_is_accepted_with_202_and_arrives_as_it_was(broker: BrokerUnderTest) -> None:
    event = an_event("arrives", correlationid="c-1", partitionkey="100% ä")
    assert publish(broker, event) == 202
    [received] = broker.deliveries("arrives", 1)
    assert received.event.with_extensions(knativearrivaltime=None) == event
    assert received.headers["prefer"] == "reply"


def test_the_time_of_arrival_is_set_and_the_ttl_is_not_shown(broker: BrokerUnderTest) -> None:
    said = "2001-01-01T00:00:00Z"
    publish(broker, an_event("arrives-again", knativearrivaltime=said, knativebrokerttl="7"))
    extensions = broker.deliveries("arrives-again", 1)[0].event.extensions
    arrived = datetime.fromisoformat(extensions["knativearrivaltime"])
    assert abs(datetime.now(UTC) - arrived) < timedelta(minutes=1)
    assert "knativebrokerttl" not in extensions


def test_a_structured_event_arrives_in_binary_mode(broker: BrokerUnderTest) -> None:
    body = (
        b'{"specversion":"1.0","id":"1","source":"/s","type":"arrives-structured","data":{"a":1}}'
    )
    assert post(broker.publish_url, {"Content-Type": STRUCTURED}, body) == 202
    [received] = broker.deliveries("arrives-structured", 1)
    assert received.headers["ce-type"] == "arrives-structured"
    assert received.event.data == b'{"a":1}'


@pytest.mark.differs_from_knative("Knative says nothing of data that the JSON format implies")
def test_data_of_a_structured_event_is_json_though_it_does_not_say_so(
    broker: BrokerUnderTest,
) -> None:
    body = b'{"specversion":"1.0","id":"1","source":"/s","type":"arrives-implied","data":{"a":1}}'
    assert post(broker.publish_url, {"Content-Type": STRUCTURED}, body) == 202
    [received] = broker.deliveries("arrives-implied", 1)
    assert received.headers["content-type"] == "application/json"


def test_an_event_without_a_content_type_gets_none(broker: BrokerUnderTest) -> None:
    assert post(broker.publish_url, {**EVENT, "ce-type": "arrives-bare"}, b"x") == 202
    [received] = broker.deliveries("arrives-bare", 1)
    assert "content-type" not in received.headers
    assert received.event.data == b"x"


def test_only_some_headers_pass_through_a_broker(broker: BrokerUnderTest) -> None:
    passing = {"X-Request-Id": "r", "X-B3-TraceId": "t", "Knative-Any": "k", "Retry-After": "1"}
    stopped = {"Authorization": "Bearer t", "Traceparent": "00-1-2-00", "X-Other": "o"}
    publish(broker, an_event("arrives-with-headers"), {**passing, **stopped})
    [received] = broker.deliveries("arrives-with-headers", 1)
    assert passing.items() <= {n: received.headers.get(n.lower()) for n in passing}.items()
    assert not {name.lower() for name in stopped} & set(received.headers)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        ({"Content-Type": "application/json"}, b"{}"),
        (without("ce-id"), b""),
        (without("ce-source"), b""),
        (without("ce-type"), b""),
        (without("ce-specversion"), b""),
        ({**EVENT, "ce-specversion": "9.9"}, b""),
        ({"Content-Type": "application/cloudevents+json"}, b"{"),
        ({"Content-Type": "application/cloudevents+json"}, b'{"specversion":"1.0","id":"1"}'),
        ({"Content-Type": "application/cloudevents-batch+json"}, b"[]"),
    ],
)
def test_what_is_no_event_is_refused_with_400(
    broker: BrokerUnderTest, headers: dict[str, str], body: bytes
) -> None:
    assert post(broker.publish_url, headers, body) == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/blog", 400),
        ("/blog/default/more", 400),
        ("/blog/other", 404),
        ("/other/default", 404),
        ("/blog/default?a=b", 404),
        ("/blog/default/", 202),
    ],
)
def test_the_path_names_namespace_and_broker(
    broker: BrokerUnderTest, path: str, status: int
) -> None:
    *origin, namespace, _ = broker.publish_url.split("/")
    url = "/".join(origin) + path.replace("/blog", f"/{namespace}")
    assert post(url, EVENT, b"") == status


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_other_methods_are_refused_with_those_allowed(broker: BrokerUnderTest, method: str) -> None:
    status, headers, _ = request(method, broker.publish_url, {})
    assert (status, headers["allow"]) == (405, "POST, OPTIONS")


def test_options_allows_webhooks_and_no_page_of_another_origin(broker: BrokerUnderTest) -> None:
    asking = {"Origin": "http://elsewhere.example", "Access-Control-Request-Method": "POST"}
    status, headers, _ = request("OPTIONS", broker.publish_url, asking)
    assert status == 200
    assert headers["webhook-allowed-origin"] == "*"
    assert headers["webhook-allowed-rate"] == "*"
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize(("ttl", "status"), [("0", 400), ("1", 400), ("2", 202), ("-5", 400)])
def test_an_event_whose_ttl_is_used_up_is_refused(
    broker: BrokerUnderTest, ttl: str, status: int
) -> None:
    assert post(broker.publish_url, {**EVENT, "ce-knativebrokerttl": ttl}, b"") == status


def test_an_event_of_a_mebibyte_is_taken(broker: BrokerUnderTest) -> None:
    attributes, _ = write_binary(an_event("arrives-large"))
    assert post(broker.publish_url, attributes, b"a" * 1_048_576) == 202
    [received] = broker.deliveries("arrives-large", 1)
    assert len(received.event.data) == 1_048_576


@pytest.mark.differs_from_knative("Knative sets no limit of its own")
def test_a_larger_event_is_not_taken(broker: BrokerUnderTest) -> None:
    attributes, _ = write_binary(an_event("arrives-large"))
    assert post(broker.publish_url, attributes, b"a" * 1_048_577) == 413


PACKED = gzip.compress(b'{"of": "it"}', mtime=0)  # the same in every process that runs tests


@pytest.mark.differs_from_knative("it would pass the bytes on without saying that they are packed")
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", PACKED),
        ("GZIP", PACKED),
        ("gzip", b"not packed"),
        ("deflate", PACKED),
        ("br", PACKED),
        ("zstd", PACKED),
        ("identity", b"{}"),
        ("no-such", b"{}"),
        ("gzip", gzip.compress(bytes(2_000_000), mtime=0)),
    ],
)
def test_an_event_with_a_content_encoding_is_refused_and_told_what_to_send(
    broker: BrokerUnderTest, encoding: str, body: bytes
) -> None:
    attributes, _ = write_binary(an_event("arrives-packed"))
    headers = {**attributes, "Content-Encoding": encoding}
    status, answered, _ = request("POST", broker.publish_url, headers, body)
    assert (status, answered["accept-encoding"]) == (415, "identity")
    assert broker.deliveries("arrives-packed") == []


@pytest.mark.differs_from_knative("Go's parser takes no byte order mark")
def test_a_structured_event_may_begin_with_a_byte_order_mark(broker: BrokerUnderTest) -> None:
    document = (
        b'{"specversion":"1.0","id":"1","source":"/s","type":"arrives-marked","data":{"a":1}}'
    )
    headers = {"Content-Type": STRUCTURED}
    assert post(broker.publish_url, headers, b"\xef\xbb\xbf" + document) == 202
    [received] = broker.deliveries("arrives-marked", 1)
    assert received.event.data == b'{"a":1}'
