"""The status table row by row: what is done, what is tried again, what goes to the sink at once."""

import base64

import pytest

from tests.conformance.probe import Answer, Never
from tests.conformance.under_test import BrokerUnderTest, ProbeTrigger, an_event, publish

DONE = (200, 201, 202, 204)
TRIED_AGAIN = (404, 408, 409, 429, 500, 501, 502, 503, 504, 599)
REDIRECTS = (301, 302, 307, 308)
BARE = 304  # cannot carry a body
FINAL = (300, 400, 401, 403, 405, 410, 413, 415, 418, 422, 451)
RETRY = {"retry": 2, "backoffPolicy": "linear", "backoffDelay": "PT0.1S", "timeout": "PT10S"}
IMPATIENT = {**RETRY, "timeout": "PT0.3S"}

TRIGGERS = [
    *(
        ProbeTrigger(f"status-{status}", delivery=RETRY, sink="uri")
        for status in (*DONE, *TRIED_AGAIN, *FINAL, *REDIRECTS, BARE)
    ),
    ProbeTrigger("body-that-is-no-event", delivery=RETRY, sink="uri"),
    ProbeTrigger("reply-that-is-no-json", delivery=RETRY, sink="uri"),
    ProbeTrigger("hangs-up", delivery=RETRY, sink="uri"),
    ProbeTrigger("says-nothing", delivery=IMPATIENT, sink="uri"),
    ProbeTrigger(
        "nobody-there", delivery=RETRY, sink="uri", subscriber="http://127.0.0.1:9/subscriber"
    ),
    ProbeTrigger("recovers", delivery=RETRY, sink="uri"),
    ProbeTrigger("asks-for-a-pause", delivery=RETRY, sink="uri"),
]


@pytest.mark.parametrize("status", DONE)
def test_an_empty_2xx_is_done_after_one_attempt(broker: BrokerUnderTest, status: int) -> None:
    trigger = f"status-{status}"
    broker.answer(trigger, Answer(status))
    publish(broker, an_event(trigger))
    broker.settle()
    assert len(broker.deliveries(trigger)) == 1
    assert broker.dead_letters(trigger) == []


@pytest.mark.parametrize("status", TRIED_AGAIN)
def test_a_status_that_may_pass_is_tried_again_and_then_dead(
    broker: BrokerUnderTest, status: int
) -> None:
    trigger = f"status-{status}"
    broker.answer(trigger, Answer(status, body=b"why"))
    publish(broker, an_event(trigger))
    [letter] = broker.dead_letters(trigger, 1)
    assert len(broker.deliveries(trigger)) == 3
    assert letter.event.extensions["knativeerrorcode"] == str(status)
    assert base64.b64decode(letter.event.extensions["knativeerrordata"]) == b"why"


@pytest.mark.parametrize("status", FINAL)
def test_a_status_that_stays_is_not_tried_again(broker: BrokerUnderTest, status: int) -> None:
    trigger = f"status-{status}"
    broker.answer(trigger, Answer(status))
    publish(broker, an_event(trigger))
    [letter] = broker.dead_letters(trigger, 1)
    assert len(broker.deliveries(trigger)) == 1
    assert letter.event.extensions["knativeerrorcode"] == str(status)


def test_an_answer_that_can_have_no_body_is_final_and_dead_without_error_extensions(
    broker: BrokerUnderTest,
) -> None:
    trigger = f"status-{BARE}"
    broker.answer(trigger, Answer(BARE))
    publish(broker, an_event(trigger))
    [letter] = broker.dead_letters(trigger, 1)
    assert len(broker.deliveries(trigger)) == 1
    assert error_extensions(letter.event.extensions) == set()


@pytest.mark.differs_from_knative("Knative's client follows a redirect")
@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_is_not_followed_and_not_tried_again(
    broker: BrokerUnderTest, status: int
) -> None:
    trigger = f"status-{status}"
    broker.answer(trigger, Answer(status, {"Location": broker.subscriber_url("recovers")}))
    publish(broker, an_event(trigger))
    [letter] = broker.dead_letters(trigger, 1)
    assert len(broker.deliveries(trigger)) == 1
    assert letter.event.extensions["knativeerrorcode"] == str(status)


@pytest.mark.parametrize(
    ("trigger", "answer"),
    [
        ("body-that-is-no-event", Answer(200, body=b"OK")),
        (
            "reply-that-is-no-json",
            Answer(200, {"Content-Type": "application/cloudevents+json"}, b"{"),
        ),
    ],
)
def test_an_answer_that_the_broker_refuses_is_tried_again_and_dead_without_error_extensions(
    broker: BrokerUnderTest, trigger: str, answer: Answer
) -> None:
    broker.answer(trigger, answer)
    publish(broker, an_event(trigger))
    [letter] = broker.dead_letters(trigger, 1)
    assert len(broker.deliveries(trigger)) == 3
    assert error_extensions(letter.event.extensions) == set()


def test_a_time_out_is_tried_again_and_dead_without_error_extensions(
    broker: BrokerUnderTest,
) -> None:
    never = Never()
    broker.answer("says-nothing", Answer(after=never))
    publish(broker, an_event("says-nothing"))
    [letter] = broker.dead_letters("says-nothing", 1)
    never.set()
    assert len(broker.deliveries("says-nothing")) == 3
    assert error_extensions(letter.event.extensions) == set()


def test_a_connection_that_breaks_is_tried_again_and_counts_as_500(broker: BrokerUnderTest) -> None:
    broker.answer("hangs-up", Answer(drop=True))
    publish(broker, an_event("hangs-up"))
    [letter] = broker.dead_letters("hangs-up", 1)
    assert len(broker.deliveries("hangs-up")) == 3
    assert letter.event.extensions["knativeerrorcode"] == "500"


def test_a_subscriber_that_is_not_there_counts_as_500(broker: BrokerUnderTest) -> None:
    publish(broker, an_event("nobody-there"))
    [letter] = broker.dead_letters("nobody-there", 1)
    assert letter.event.extensions["knativeerrorcode"] == "500"
    assert letter.event.extensions["knativeerrordest"] == "http://127.0.0.1:9/subscriber"


def test_a_subscriber_that_recovers_gets_the_same_event_again(broker: BrokerUnderTest) -> None:
    broker.answer("recovers", Answer(503), Answer(404), Answer(202))
    event = an_event("recovers")
    publish(broker, event)
    broker.settle()
    attempts = broker.deliveries("recovers", 3)
    assert [attempt.event.id for attempt in attempts] == [event.id] * 3
    assert attempts[0].event == attempts[2].event
    assert broker.dead_letters("recovers") == []


def test_retry_after_is_not_obeyed_without_retry_after_max(broker: BrokerUnderTest) -> None:
    broker.answer("asks-for-a-pause", Answer(429, {"Retry-After": "3600"}), Answer(202))
    publish(broker, an_event("asks-for-a-pause"))
    first, second = broker.deliveries("asks-for-a-pause", 2)
    assert second.at - first.at < 5


def error_extensions(extensions: object) -> set[str]:
    """Those of Knative's error extensions that are there."""
    assert isinstance(extensions, dict)
    return {name for name in extensions if name.startswith("knativeerror")}
