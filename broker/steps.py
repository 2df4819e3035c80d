"""What follows from a failed attempt: again, on to the sink, or kept; changes when that order does.

Pure: a delivery, its route and the failure in, the change of the log out.
"""

from dataclasses import dataclass, replace

from broker.changes import Change, Moved
from broker.manifests import DeliverySpec
from broker.outcome import Failed, pause_before_retry
from broker.records import Delivery, Failure, Stage

FIRST_PAUSE, LONGEST_PAUSE = 60.0, 600.0  # seconds before a sink that failed is tried again


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
        return without_sink(delivery, failure, at)
    to_sink = Delivery(at, delivery.event, delivery.trigger, Stage.SINK)
    return End("sent to sink", Moved(delivery, to_sink, failure), failed.reason)


def after_sink_failure(
    delivery: Delivery, route: Route, failed: Failed, *, first: Failure, at: float
) -> End:
    """After a failed attempt at the dead letter sink, whose policy is that of the subscriber."""
    again = None if delivery.stage is Stage.KEPT else _again(delivery, route, failed, at)
    if again is not None:
        return again
    told = f"then the dead letter sink {route.sink} {failed.reason}"
    return without_sink(delivery, replace(first, sink=told), at)


def without_sink(delivery: Delivery, failure: Failure, at: float) -> End:
    """Nobody takes the event now; it stays, and the sink is tried again after a growing pause."""
    rounds = delivery.attempts + 1 if delivery.stage is Stage.KEPT else 0
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(rounds, 9))
    kept = Delivery(at + pause, delivery.event, delivery.trigger, Stage.KEPT, rounds)
    return End("dead", Moved(delivery, kept, failure), failure.sink or failure.reason)


def _again(delivery: Delivery, route: Route, failed: Failed, at: float) -> End | None:
    attempts = delivery.attempts + 1
    if not failed.retried or attempts > route.spec.retry:
        return None
    again = replace(delivery, attempts=attempts, due=at + pause_before_retry(route.spec, attempts))
    return End("to be retried", Moved(delivery, again), failed.reason)
