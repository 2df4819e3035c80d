"""What follows from a failed attempt, and what a dead letter tells of it."""

from dataclasses import replace

import pytest

from broker.changes import Moved
from broker.clock import FOR_GOOD
from broker.dead_letter import dead_letter
from broker.manifests import DeliverySpec
from broker.outcome import Failed
from broker.records import Delivery, Failure, Stage, Stored
from broker.steps import Route, after_failure, after_sink_failure, after_sink_left
from eventing.cloudevent import CloudEvent

SPEC = DeliverySpec(2, "exponential", 0.5, 10.0, None)
WITH_SINK = Route("default", "http://b/", "http://s/", "http://d/", SPEC)
WITHOUT_SINK = Route("default", "http://b/", "http://s/", None, SPEC)
PASSING = Failed("answered 503", retried=True, code=503, data="YQ==")
FINAL = Failed("answered 400", retried=False, code=400)
FIRST = Failure("answered 400", 1, "http://s/", 400, "")


def a_delivery(attempts: int, stage: Stage = Stage.SUBSCRIBER, due: float = 100.0) -> Delivery:
    """A delivery with so many failed attempts behind it."""
    return Delivery(due, 1, "t", stage, attempts)


def test_a_failure_that_may_pass_is_tried_again_after_its_pause() -> None:
    first, second = a_delivery(0), a_delivery(1)
    ends = [
        after_failure(each, WITH_SINK, PASSING, dest="http://s/", at=200.0)
        for each in (first, second)
    ]
    assert [end.change for end in ends] == [
        Moved(first, a_delivery(1, due=200.5)),
        Moved(second, a_delivery(2, due=201.0)),
    ]


def test_after_the_last_attempt_the_event_goes_to_the_sink() -> None:
    last = a_delivery(2)
    end = after_failure(last, WITH_SINK, PASSING, dest="http://s/", at=200.0)
    failure = Failure("answered 503", 3, "http://s/", 503, "YQ==")
    assert end.change == Moved(last, a_delivery(0, Stage.SINK, due=200.0), failure)


def test_a_failure_that_stays_goes_to_the_sink_at_once() -> None:
    end = after_failure(a_delivery(0), WITH_SINK, FINAL, dest="http://s/", at=200.0)
    assert end.outcome == "sent to sink"


@pytest.mark.parametrize(
    ("failed", "attempts", "due"), [(PASSING, 2, 200.0), (FINAL, 0, FOR_GOOD)], ids=str
)
def test_without_a_sink_what_may_pass_is_tried_again_and_what_was_refused_waits_for_a_person(
    failed: Failed, attempts: int, due: float
) -> None:
    last = a_delivery(attempts)
    end = after_failure(last, WITHOUT_SINK, failed, dest="http://b/", at=200.0)
    failure = Failure(failed.reason, attempts + 1, "http://b/", failed.code, failed.data)
    assert end.change == Moved(last, a_delivery(attempts + 1, Stage.KEPT, due=due), failure)
    assert end.passing is failed.retried


@pytest.mark.parametrize(("failed", "due"), [(PASSING, 300.0), (FINAL, FOR_GOOD)], ids=str)
def test_what_is_kept_without_a_sink_goes_on_counting_its_attempts_at_the_subscriber(
    failed: Failed, due: float
) -> None:
    kept = a_delivery(7, Stage.KEPT)
    end = after_failure(kept, WITHOUT_SINK, failed, dest="http://s/", at=300.0)
    failure = Failure(failed.reason, 8, "http://s/", failed.code, failed.data)
    assert end.change == Moved(kept, a_delivery(8, Stage.KEPT, due=due), failure)


def test_a_sink_is_tried_as_often_as_the_subscriber_and_then_the_event_is_kept() -> None:
    ends = [
        after_sink_failure(a_delivery(n, Stage.SINK), WITH_SINK, PASSING, first=FIRST, at=200.0)
        for n in range(3)
    ]
    assert [end.outcome for end in ends] == ["to be retried", "to be retried", "dead"]
    told = "then the dead letter sink http://d/ answered 503"
    kept = a_delivery(3, Stage.KEPT, due=200.0)
    assert ends[-1].change == Moved(a_delivery(2, Stage.SINK), kept, replace(FIRST, sink=told))


def test_what_the_sink_cannot_take_now_stays_and_goes_behind_the_others() -> None:
    kept = a_delivery(5_000, Stage.KEPT)
    end = after_sink_failure(kept, WITH_SINK, PASSING, first=FIRST, at=300.0)
    assert isinstance(end.change, Moved)
    assert (end.change.again, end.passing) == (a_delivery(5_001, Stage.KEPT, due=300.0), True)


def test_what_the_sink_refuses_waits_for_a_person() -> None:
    end = after_sink_failure(a_delivery(0, Stage.SINK), WITH_SINK, FINAL, first=FIRST, at=300.0)
    assert isinstance(end.change, Moved)
    assert (end.change.again, end.passing) == (a_delivery(1, Stage.KEPT, due=FOR_GOOD), False)


def test_an_event_on_its_way_to_a_sink_that_is_gone_goes_to_the_subscriber_again() -> None:
    lost = a_delivery(0, Stage.SINK)
    end = after_sink_left(lost, FIRST, 200.0)
    assert end.change == Moved(lost, a_delivery(0, Stage.KEPT, due=200.0), FIRST)


def test_what_was_never_tried_as_its_trigger_was_gone_gets_all_its_attempts() -> None:
    orphan = a_delivery(0, Stage.KEPT)
    end = after_failure(orphan, WITH_SINK, PASSING, dest="http://s/", at=200.0)
    assert end.change == Moved(orphan, a_delivery(1, Stage.SUBSCRIBER, due=200.5))


def test_a_dead_letter_carries_ttl_and_error_extensions() -> None:
    event = CloudEvent(id="1", source="/s", type="t", extensions={"other": "o"})
    letter = dead_letter(Stored(event, 12, {}), FIRST)
    assert letter.extensions == {
        "other": "o",
        "knativebrokerttl": "12",
        "knativeerrordest": "http://s/",
        "knativeerrorcode": "400",
        "knativeerrordata": "",
    }


def test_a_dead_letter_of_a_failure_without_a_code_carries_the_ttl_alone() -> None:
    event = CloudEvent(id="1", source="/s", type="t")
    letter = dead_letter(Stored(event, 12, {}), Failure("late", 3, "http://s/", None, ""))
    assert letter.extensions == {"knativebrokerttl": "12"}


def test_a_failure_comes_back_from_the_log_as_it_was() -> None:
    assert Failure.from_json(FIRST.to_json()) == FIRST
