"""What the ingress makes of an event: TTL, time of arrival, Triggers, headers."""

import pytest

from broker.arrival import Arrival, Refused, admit, passed_on, remaining_ttl
from broker.clock import Moment
from broker.filters import compile_filter
from broker.manifests import DeliverySpec, Destination, Trigger
from eventing.cloudevent import CloudEvent

SPEC = DeliverySpec(0, "linear", 0.0, None, None)
SUBSCRIBER = Destination(None, "http://127.0.0.1/")


def a_trigger(name: str, wanted: str, broker: str = "default") -> Trigger:
    """A Trigger for one type."""
    return Trigger(name, broker, compile_filter({"type": wanted}), SUBSCRIBER, SPEC)


def an_event(**extensions: str) -> CloudEvent:
    """An event of type `t`."""
    return CloudEvent(id="1", source="/s", type="t", data=b"x", extensions=extensions)


@pytest.mark.parametrize(
    ("carried", "left"),
    [
        (None, 255),
        ("255", 254),
        ("2", 1),
        ("1", 0),
        ("0", 0),
        ("-1", 0),
        ("+5", 4),
        ("", 255),
        ("many", 255),
        ("99999999999", 255),
        ("٣", 255),
    ],
)
def test_the_ttl_goes_down_by_one_and_not_below_zero(carried: str | None, left: int) -> None:
    assert remaining_ttl(carried) == left


def test_an_event_is_kept_without_ttl_and_with_its_time_of_arrival() -> None:
    event = an_event(knativebrokerttl="9", knativearrivaltime="long ago", other="o")
    arrival = Arrival("default", event, {"x-request-id": "r", "accept": "*/*"})
    taken = admit(arrival, [], number=7, at=Moment(1.5, 2.5, 3.5))
    assert (taken.id, taken.at, taken.due, taken.stored.ttl) == (7, 2.5, 3.5, 8)
    assert taken.stored.event.extensions == {
        "knativearrivaltime": "1970-01-01T00:00:01.500000Z",
        "other": "o",
    }
    assert taken.stored.headers == {"x-request-id": "r"}


def test_an_event_goes_to_the_triggers_of_its_broker_that_want_it() -> None:
    triggers = [a_trigger("a", "t"), a_trigger("b", "u"), a_trigger("c", "t", broker="other")]
    taken = admit(Arrival("default", an_event(), {}), triggers, number=1, at=Moment(0.0, 0.0, 0.0))
    assert taken.triggers == ("a",)


def test_an_event_whose_ttl_is_used_up_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        admit(
            Arrival("default", an_event(knativebrokerttl="1"), {}),
            [],
            number=1,
            at=Moment(0.0, 0.0, 0.0),
        )
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        ("X-Request-ID", True),
        ("x-b3-sampled", True),
        ("Knative-Error", True),
        ("Retry-After", True),
        ("x-request-id-2", False),
        ("my-knative-x", False),
        ("traceparent", False),
        ("Authorization", False),
    ],
)
def test_few_headers_pass_through(name: str, passes: bool) -> None:
    assert passed_on({name: "v"}) == ({name: "v"} if passes else {})
