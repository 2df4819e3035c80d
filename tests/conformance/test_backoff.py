"""The pauses between attempts: arrival times beside the schedule that the manifest computes."""

from itertools import pairwise

import pytest

from tests.conformance.probe import Answer
from tests.conformance.under_test import BrokerUnderTest, ProbeTrigger, an_event, publish

EXPONENTIAL = {"retry": 3, "backoffPolicy": "exponential", "backoffDelay": "PT0.2S"}
LINEAR = {"retry": 3, "backoffPolicy": "linear", "backoffDelay": "PT0.3S"}
NONE = {"retry": 3}
LATE = 0.5  # seconds that a busy machine may add to a pause; none may be cut

TRIGGERS = [
    ProbeTrigger("exponential", delivery=EXPONENTIAL, sink="ref"),
    ProbeTrigger("linear", delivery=LINEAR, sink="ref"),
    ProbeTrigger("without-pause", delivery=NONE, sink="ref"),
    ProbeTrigger("without-retry", delivery={}, sink="ref"),
]


@pytest.mark.parametrize(
    ("trigger", "pauses"),
    [
        ("exponential", [0.2, 0.4, 0.8]),
        ("linear", [0.0, 0.3, 0.6]),
        ("without-pause", [0.0, 0.0, 0.0]),
        ("without-retry", []),
    ],
)
def test_pauses_follow_the_policy(
    broker: BrokerUnderTest, trigger: str, pauses: list[float]
) -> None:
    broker.answer(trigger, Answer(503))
    publish(broker, an_event(trigger))
    broker.dead_letters(trigger, 1)
    arrivals = [attempt.at for attempt in broker.deliveries(trigger)]
    measured = [later - earlier for earlier, later in pairwise(arrivals)]
    assert len(measured) == len(pauses)
    for pause, expected in zip(measured, pauses, strict=True):
        assert expected - 0.005 <= pause < expected + LATE
