"""Replies: an answer that is an event comes in as one, with what is left of the TTL."""

import json

import pytest

from eventing.cloudevent import CloudEvent, write_binary, write_structured
from tests.conformance.probe import Answer
from tests.conformance.under_test import BrokerUnderTest, ProbeTrigger, an_event, publish

RETRY = {"retry": 2, "backoffPolicy": "linear", "backoffDelay": "PT0.1S", "timeout": "PT10S"}

TRIGGERS = [
    *(
        ProbeTrigger(name, delivery=RETRY, sink="ref")
        for name in (
            "asked-binary",
            "asked-structured",
            "said",
            "asked-with-headers",
            "said-with-headers",
            "asked-late",
            "asked-for-nonsense",
            "asked-for-json-nonsense",
            "asked-for-an-unknown-version",
            "asked-with-own-ttl",
            "said-with-own-ttl",
            "echoes",
        )
    )
]


def reply_of(type_: str, **extensions: str) -> CloudEvent:
    """The event that the probe replies with."""
    return CloudEvent(
        id=f"reply-{type_}",
        source="/conformance/replies",
        type=type_,
        data=b'{"re": 1}',
        datacontenttype="application/json",
        extensions=extensions,
    )


def binary(event: CloudEvent, status: int = 200, **headers: str) -> Answer:
    """An answer that carries the event in binary mode."""
    attributes, data = write_binary(event)
    return Answer(status, {**attributes, **headers}, data)


def structured(members: object) -> Answer:
    """An answer that carries this JSON as an event."""
    headers = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
    return Answer(200, headers, json.dumps(members).encode())


@pytest.mark.parametrize(
    ("trigger", "answer"),
    [
        ("asked-binary", binary(reply_of("said", mode="binary"))),
        ("asked-structured", structured(write_structured(reply_of("said", mode="structured")))),
    ],
)
def test_a_reply_in_either_mode_is_a_new_event(
    broker: BrokerUnderTest, trigger: str, answer: Answer
) -> None:
    before = len(broker.deliveries("said"))
    broker.answer(trigger, answer)
    publish(broker, an_event(trigger))
    reply = broker.deliveries("said", before + 1)[before].event
    assert (reply.id, reply.source) == ("reply-said", "/conformance/replies")
    assert json.loads(reply.data) == {"re": 1}
    broker.settle()
    assert len(broker.deliveries(trigger)) == 1


def test_only_headers_that_pass_through_a_broker_come_with_a_reply(
    broker: BrokerUnderTest,
) -> None:
    said = {"x-request-id": "r1", "x-b3-traceid": "b3", "x-other": "no"}
    broker.answer("asked-with-headers", binary(reply_of("said-with-headers"), 200, **said))
    publish(broker, an_event("asked-with-headers"))
    [reply] = broker.deliveries("said-with-headers", 1)
    assert (reply.headers["x-request-id"], reply.headers["x-b3-traceid"]) == ("r1", "b3")
    assert "x-other" not in reply.headers


def test_a_reply_to_an_event_whose_ttl_is_used_up_sends_that_event_to_its_sink(
    broker: BrokerUnderTest,
) -> None:
    broker.answer("asked-late", binary(reply_of("said")))
    publish(broker, an_event("asked-late", knativebrokerttl="2"))
    [letter] = broker.dead_letters("asked-late", 1)
    assert letter.event.type == "asked-late"
    assert letter.event.extensions["knativebrokerttl"] == "1"
    assert letter.event.extensions["knativeerrordest"] == broker.own_url
    assert letter.event.extensions["knativeerrorcode"] == "400"
    assert len(broker.deliveries("asked-late")) == 1


@pytest.mark.parametrize(
    ("trigger", "answer"),
    [
        ("asked-for-nonsense", Answer(200, {"ce-specversion": "1.0", "ce-type": "said"})),
        ("asked-for-json-nonsense", structured({"specversion": "1.0", "type": "said"})),
    ],
)
def test_a_reply_that_lacks_attributes_is_refused_by_the_ingress_and_not_tried_again(
    broker: BrokerUnderTest, trigger: str, answer: Answer
) -> None:
    broker.answer(trigger, answer)
    publish(broker, an_event(trigger))
    [letter] = broker.dead_letters(trigger, 1)
    assert letter.event.extensions["knativeerrordest"] == broker.own_url
    assert letter.event.extensions["knativeerrorcode"] == "400"
    assert len(broker.deliveries(trigger)) == 1


def test_an_empty_answer_of_an_unknown_specversion_is_no_reply(broker: BrokerUnderTest) -> None:
    trigger = "asked-for-an-unknown-version"
    broker.answer(trigger, Answer(200, {"ce-specversion": "9.9", "ce-type": "said"}))
    publish(broker, an_event(trigger))
    broker.settle()
    assert len(broker.deliveries(trigger)) == 1
    assert broker.dead_letters(trigger) == []


def test_a_reply_cannot_give_itself_a_ttl(broker: BrokerUnderTest) -> None:
    reply = reply_of("said-with-own-ttl", knativebrokerttl="200")
    broker.answer("asked-with-own-ttl", binary(reply))
    broker.answer("said-with-own-ttl", Answer(400))
    publish(broker, an_event("asked-with-own-ttl", knativebrokerttl="10"))
    [letter] = broker.dead_letters("said-with-own-ttl", 1)
    assert letter.event.extensions["knativebrokerttl"] == "8"


def test_a_loop_of_replies_ends(broker: BrokerUnderTest) -> None:
    broker.answer("echoes", binary(reply_of("echoes")))
    publish(broker, an_event("echoes", knativebrokerttl="6"))
    broker.dead_letters("echoes", 1)
    assert len(broker.deliveries("echoes")) == 5
