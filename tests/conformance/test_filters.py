"""Filters end to end: each Trigger gets the events that its dialect lets through and no others."""

from collections.abc import Sequence

import pytest

from tests.conformance.under_test import BrokerUnderTest, ProbeTrigger, an_event, publish

PREFIX = {"prefix": {"type": "post."}}
SUFFIX = {"suffix": {"type": ".created"}}
EVERYTHING = ["post.created", "post.deleted", "comment.created", "post.created+vip"]

EXPECTED: Sequence[tuple[ProbeTrigger, Sequence[str]]] = [
    (ProbeTrigger("no-filter", filters=[]), EVERYTHING),
    (ProbeTrigger("old", attributes={"type": "post.created"}), EVERYTHING[0::3]),
    (ProbeTrigger("old-any", attributes={"vip": ""}), EVERYTHING[3:]),
    (ProbeTrigger("exact", filters=[{"exact": {"type": "post.deleted"}}]), EVERYTHING[1:2]),
    (ProbeTrigger("prefix", filters=[PREFIX]), ["post.created", "post.deleted", EVERYTHING[3]]),
    (ProbeTrigger("suffix", filters=[SUFFIX]), ["post.created", "comment.created", EVERYTHING[3]]),
    (ProbeTrigger("both", filters=[PREFIX, SUFFIX]), EVERYTHING[0::3]),
    (ProbeTrigger("all", filters=[{"all": [PREFIX, SUFFIX]}]), EVERYTHING[0::3]),
    (ProbeTrigger("any", filters=[{"any": [PREFIX, SUFFIX]}]), EVERYTHING),
    (ProbeTrigger("not", filters=[{"not": PREFIX}]), ["comment.created"]),
    (ProbeTrigger("extension", filters=[{"exact": {"vip": "yes"}}]), EVERYTHING[3:]),
    (ProbeTrigger("no-ttl", filters=[{"prefix": {"knativebrokerttl": "2"}}]), []),
    (ProbeTrigger("arrival", filters=[{"suffix": {"knativearrivaltime": "Z"}}]), EVERYTHING),
]

TRIGGERS = [trigger for trigger, _ in EXPECTED]


@pytest.fixture(scope="module", autouse=True)
def _published(broker: BrokerUnderTest) -> None:
    for name in EVERYTHING:
        type_, _, vip = name.partition("+")
        publish(broker, an_event(type_, **({"vip": "yes"} if vip else {})))
    broker.settle()


@pytest.mark.parametrize(("trigger", "types"), [(t.name, types) for t, types in EXPECTED])
def test_a_trigger_gets_what_its_filter_lets_through(
    broker: BrokerUnderTest, trigger: str, types: Sequence[str]
) -> None:
    got = [received.event for received in broker.deliveries(trigger)]
    named = [event.type + ("+vip" if "vip" in event.extensions else "") for event in got]
    assert sorted(named) == sorted(types)
