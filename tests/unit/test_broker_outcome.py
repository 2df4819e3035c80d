"""The status table as a function: which answer means what."""

import base64

import pytest

from broker.arrival import SIZE_LIMIT
from broker.manifests import DeliverySpec
from broker.outcome import (
    Accepted,
    Answer,
    Failed,
    NoAnswer,
    Replied,
    ReplyRefused,
    is_retried,
    judge_sink,
    judge_subscriber,
    pause_before_retry,
)

STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BINARY = {"CE-SpecVersion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
WHOLE = b'{"specversion":"1.0","id":"1","source":"/s","type":"t"}'


@pytest.mark.parametrize(
    ("status", "retried"),
    [
        *((status, True) for status in (404, 408, 409, 429, 500, 502, 503, 504, 599)),
        *((status, False) for status in (300, 302, 307, 400, 401, 403, 410, 413, 415, 422)),
    ],
)
def test_some_failures_pass_and_others_stay(status: int, retried: bool) -> None:
    assert is_retried(status) is retried
    failed = judge_subscriber(Answer(status, {}, b"no"))
    data = base64.b64encode(b"no").decode()
    assert failed == Failed(f"answered {status}", retried, status, data)
    assert failed == judge_sink(Answer(status, {}, b"no"))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_an_empty_2xx_accepts(status: int) -> None:
    assert judge_subscriber(Answer(status, {}, b"")) == Accepted()


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/html"}, {"ce-specversion": "0.3"}])
def test_a_body_that_is_no_event_fails_and_is_the_brokers_own_finding(
    headers: dict[str, str],
) -> None:
    failed = judge_subscriber(Answer(200, headers, b"OK"))
    assert failed == Failed(
        "answered 200 with a body that is no CloudEvent", retried=True, code=None
    )


@pytest.mark.parametrize("body", [b"", b"OK"])
def test_a_sink_accepts_with_any_body(body: bytes) -> None:
    assert judge_sink(Answer(200, {}, body)) == Accepted()


@pytest.mark.parametrize(("headers", "body"), [(BINARY, b"x"), (BINARY, b""), (STRUCTURED, WHOLE)])
def test_an_event_is_a_reply(headers: dict[str, str], body: bytes) -> None:
    outcome = judge_subscriber(Answer(200, headers, body))
    assert isinstance(outcome, Replied)
    assert (outcome.event.id, outcome.event.type, outcome.headers) == ("1", "t", headers)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"ce-specversion": "1.0"}, b"", 400),
        (STRUCTURED, b'{"specversion":"1.0","id":"1"}', 400),
        (BINARY, b"x" * (SIZE_LIMIT + 1), 413),
    ],
)
def test_a_reply_that_the_ingress_would_refuse_is_refused(
    headers: dict[str, str], body: bytes, status: int
) -> None:
    outcome = judge_subscriber(Answer(200, headers, body))
    assert isinstance(outcome, ReplyRefused)
    assert outcome.status == status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id":"1"}', b'{"specversion":"0.3"}'])
def test_a_reply_that_cannot_be_parsed_is_refused_by_the_broker_itself(body: bytes) -> None:
    outcome = judge_subscriber(Answer(200, STRUCTURED, body))
    assert isinstance(outcome, Failed)
    assert (outcome.retried, outcome.code) == (True, None)


def test_a_time_out_tells_no_code_and_a_broken_connection_500() -> None:
    late = judge_subscriber(NoAnswer("late", timed_out=True))
    broken = judge_subscriber(NoAnswer("broken", timed_out=False))
    assert late == Failed("late", retried=True, code=None)
    assert broken == Failed("broken", True, 500, base64.b64encode(b"broken").decode())


def test_error_data_is_a_whole_base64_text_of_1024_characters() -> None:
    failed = judge_subscriber(Answer(500, {}, b"a" * 5_000))
    assert isinstance(failed, Failed)
    assert base64.b64decode(failed.data) == b"a" * 768


@pytest.mark.parametrize(
    ("policy", "pauses"),
    [("exponential", [0.5, 1.0, 2.0, 4.0, 8.0]), ("linear", [0.0, 0.5, 1.0, 1.5, 2.0])],
)
def test_pauses_grow_as_the_policy_says(policy: str, pauses: list[float]) -> None:
    spec = DeliverySpec(5, "linear" if policy == "linear" else "exponential", 0.5, 10.0, None)
    assert [pause_before_retry(spec, failed) for failed in range(1, 6)] == pauses


def test_a_pause_stays_a_number_however_many_attempts_failed() -> None:
    spec = DeliverySpec(2**31 - 1, "exponential", 0.5, None, None)
    assert pause_before_retry(spec, 5_000) == pause_before_retry(spec, 10_000)
