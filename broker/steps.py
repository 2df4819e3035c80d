"""What follows from a failed attempt: again, on to the sink, or kept; changes when that order does.

Pure: a delivery, its route and the failure in, the change of the log out.
"""

from dataclasses import dataclass

from broker.burial import Buried
from broker.changes import Change, Postponed, SentToSink
from broker.dead_letter import with_sink_failure
from broker.manifests import DeliverySpec
from broker.outcome import Failed, pause_before_retry
from broker.records import Delivery, Failure


@dataclass(frozen=True, slots=True)
class Route:
    """A Trigger's delivery with its addresses as URLs: its Broker, its subscriber, its sink."""

    broker: str
    broker_url: str
    subscriber: str
    sink: str | None
    spec: DeliverySpec


@dataclass(frozen=True, slots=True)
class End:
    """How an attempt ended: the name of it in the log lines, and what changes by it."""

    outcome: str
    change: Change
    reason: str | None = None


def after_failure(delivery: Delivery, route: Route, failed: Failed, *, dest: str, at: float) -> End:
    """After a failed attempt at the subscriber; `dest` is who failed, for the dead letter."""
    again = _again(delivery, route, failed, at)
    if again is not None:
        return again
    failure = Failure(failed.reason, delivery.attempts + 1, dest, failed.code, failed.data)
    if route.sink is None:
        return _buried(delivery, route, failure, at)
    return End("sent to sink", SentToSink(delivery, failure, at), failed.reason)


def after_sink_failure(
    delivery: Delivery, route: Route, failed: Failed, *, first: Failure, at: float
) -> End:
    """After a failed attempt at the dead letter sink, whose policy is that of the subscriber."""
    again = _again(delivery, route, failed, at)
    if again is not None:
        return again
    return _buried(delivery, route, with_sink_failure(first, str(route.sink), failed.reason), at)


def without_sink(delivery: Delivery, route: Route, first: Failure, at: float) -> End:
    """The Trigger had a sink when the subscriber failed, and has none any more."""
    return _buried(delivery, route, first, at)


def _again(delivery: Delivery, route: Route, failed: Failed, at: float) -> End | None:
    attempts = delivery.attempts + 1
    if not failed.retried or attempts > route.spec.retry:
        return None
    due = at + pause_before_retry(route.spec, attempts)
    return End("to be retried", Postponed(delivery, due), failed.reason)


def _buried(delivery: Delivery, route: Route, failure: Failure, at: float) -> End:
    return End("dead", Buried(delivery, route.subscriber, failure, at), failure.reason)
