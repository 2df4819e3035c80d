"""Dead letters: where they go, what they tell, and that the sink itself is tried again."""

import base64

import pytest

from tests.conformance.probe import Answer
from tests.conformance.under_test import BrokerUnderTest, ProbeTrigger, an_event, publish

RETRY = {"retry": 1, "backoffPolicy": "linear", "backoffDelay": "PT0.1S", "timeout": "PT10S"}

TRIGGERS = [
    ProbeTrigger("by-ref", delivery=RETRY, sink="ref"),
    ProbeTrigger("by-uri", delivery=RETRY, sink="uri"),
    ProbeTrigger("says-much", delivery=RETRY, sink="ref"),
    ProbeTrigger("says-nothing", delivery=RETRY, sink="ref"),
    ProbeTrigger("sink-recovers", delivery=RETRY, sink="ref"),
    ProbeTrigger("sink-talks", delivery=RETRY, sink="ref"),
]


@pytest.mark.parametrize("trigger", ["by-ref", "by-uri"])
def test_a_dead_letter_is_the_event_with_what_went_wrong(
    broker: BrokerUnderTest, trigger: str
) -> None:
    broker.answer(trigger, Answer(422, body=b'{"detail": "no"}'))
    event = an_event(trigger, correlationid="c-1")
    publish(broker, event, {"x-request-id": "r"})
    [letter] = broker.dead_letters(trigger, 1)
    told = dict(letter.event.extensions)
    assert told.pop("knativearrivaltime")
    assert told == {
        "correlationid": "c-1",
        "knativebrokerttl": "255",
        "knativeerrordest": broker.subscriber_url(trigger),
        "knativeerrorcode": "422",
        "knativeerrordata": base64.b64encode(b'{"detail": "no"}').decode(),
    }
    assert letter.event.data == event.data
    assert letter.headers["x-request-id"] == "r"
    assert "prefer" not in letter.headers


@pytest.mark.differs_from_knative("an answer above 768 bytes ends its dispatcher, tried")
def test_error_data_is_cut_at_1024_characters(broker: BrokerUnderTest) -> None:
    broker.answer("says-much", Answer(400, body=bytes(range(256)) * 8))
    publish(broker, an_event("says-much"))
    [letter] = broker.dead_letters("says-much", 1)
    data = letter.event.extensions["knativeerrordata"]
    assert len(data) == 1_024
    assert base64.b64decode(data) == (bytes(range(256)) * 8)[:768]


def test_a_failure_without_a_body_has_empty_error_data(broker: BrokerUnderTest) -> None:
    broker.answer("says-nothing", Answer(400))
    publish(broker, an_event("says-nothing"))
    [letter] = broker.dead_letters("says-nothing", 1)
    assert letter.event.extensions["knativeerrordata"] == ""


def test_a_sink_that_fails_is_tried_again(broker: BrokerUnderTest) -> None:
    broker.answer("sink-recovers", Answer(400))
    broker.answer_as_sink("sink-recovers", Answer(503), Answer(202))
    publish(broker, an_event("sink-recovers"))
    first, second = broker.dead_letters("sink-recovers", 2)
    assert first.event == second.event
    broker.settle()
    assert len(broker.deliveries("sink-recovers")) == 1


def test_a_sink_that_says_something_has_taken_the_event(broker: BrokerUnderTest) -> None:
    broker.answer("sink-talks", Answer(400))
    broker.answer_as_sink("sink-talks", Answer(200, body=b"OK"))
    publish(broker, an_event("sink-talks"))
    broker.settle()
    assert len(broker.dead_letters("sink-talks")) == 1
