"""What follows from a failed attempt, and what a dead letter tells of it."""

from dataclasses import replace

from broker.changes import Moved
from broker.dead_letter import dead_letter
from broker.manifests import DeliverySpec
from broker.outcome import Failed
from broker.records import Delivery, Failure, Stage, Stored
from broker.steps import LONGEST_PAUSE, Route, after_failure, after_sink_failure, without_sink
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


def test_without_a_sink_the_event_is_kept() -> None:
    once = a_delivery(0)
    end = after_failure(once, WITHOUT_SINK, FINAL, dest="http://b/", at=200.0)
    failure = Failure("answered 400", 1, "http://b/", 400, "")
    assert end.change == Moved(once, a_delivery(0, Stage.KEPT, due=260.0), failure)


def test_a_sink_is_tried_as_often_as_the_subscriber_and_then_the_event_is_kept() -> None:
    ends = [
        after_sink_failure(a_delivery(n, Stage.SINK), WITH_SINK, PASSING, first=FIRST, at=200.0)
        for n in range(3)
    ]
    assert [end.outcome for end in ends] == ["to be retried", "to be retried", "dead"]
    told = "then the dead letter sink http://d/ answered 503"
    kept = a_delivery(0, Stage.KEPT, due=260.0)
    assert ends[-1].change == Moved(a_delivery(2, Stage.SINK), kept, replace(FIRST, sink=told))


def test_what_is_kept_is_tried_again_for_ever_after_a_growing_pause() -> None:
    rounds = (0, 1, 2, 3, 5_000)
    ends = [
        after_sink_failure(a_delivery(n, Stage.KEPT), WITH_SINK, PASSING, first=FIRST, at=0.0)
        for n in rounds
    ]
    moved = [end.change for end in ends if isinstance(end.change, Moved)]
    assert [each.again.due for each in moved] == [120.0, 240.0, 480.0, LONGEST_PAUSE, LONGEST_PAUSE]
    assert [each.again.attempts for each in moved] == [n + 1 for n in rounds]


def test_an_event_on_its_way_to_a_sink_that_is_gone_is_kept() -> None:
    lost = a_delivery(0, Stage.SINK)
    end = without_sink(lost, FIRST, 200.0)
    assert end.change == Moved(lost, a_delivery(0, Stage.KEPT, due=260.0), FIRST)


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
