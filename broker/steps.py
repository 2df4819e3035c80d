"""What follows from a failed attempt: again, on to the sink, or kept; changes when that order does.

Pure: a delivery, its route and the failure in, the change of the log out.
"""

from dataclasses import dataclass, replace

from broker.changes import Change, Moved
from broker.clock import FOR_GOOD
from broker.manifests import DeliverySpec
from broker.outcome import Failed, pause_before_retry
from broker.records import Delivery, Failure, Stage


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
    """How an attempt ended: the name of it in the log lines, and what changes by it.

    `passing` means that time may heal what failed: the other side is away, busy or broken.
    """

    outcome: str
    change: Change
    reason: str | None = None
    passing: bool = False


def after_failure(delivery: Delivery, route: Route, failed: Failed, *, dest: str, at: float) -> End:
    """After a failed attempt at the subscriber; `dest` is who failed, for the dead letter."""
    is_kept_here = delivery.stage is Stage.KEPT and route.sink is None
    again = None if is_kept_here else _again(delivery, Stage.SUBSCRIBER, route.spec, failed, at)
    if again is not None:
        return again
    failure = Failure(failed.reason, delivery.attempts + 1, dest, failed.code, failed.data)
    if route.sink is None:
        return _kept(delivery, failure, failed, at=at)
    to_sink = Delivery(at, delivery.event, delivery.trigger, Stage.SINK)
    return End("sent to sink", Moved(delivery, to_sink, failure), failed.reason, failed.retried)


def after_sink_failure(
    delivery: Delivery, route: Route, failed: Failed, *, first: Failure, at: float
) -> End:
    """After a failed attempt at the dead letter sink, whose policy is that of the subscriber."""
    is_kept = delivery.stage is Stage.KEPT
    again = None if is_kept else _again(delivery, Stage.SINK, route.spec, failed, at)
    if again is not None:
        return again
    told = f"then the dead letter sink {route.sink} {failed.reason}"
    return _kept(delivery, replace(first, sink=told), failed, at=at)


def after_sink_left(delivery: Delivery, failure: Failure, at: float) -> End:
    """The manifests name no dead letter sink any more: the subscriber is tried again instead."""
    kept = Delivery(at, delivery.event, delivery.trigger, Stage.KEPT)
    return End("dead", Moved(delivery, kept, failure), failure.reason)


def _kept(delivery: Delivery, failure: Failure, failed: Failed, *, at: float) -> End:
    """Nobody takes the event now. It stays: until it is taken, or for a person if it was refused.

    The lane of what is kept paces itself; due times only put what was tried longest ago first.
    """
    due = at if failed.retried else FOR_GOOD
    kept = Delivery(due, delivery.event, delivery.trigger, Stage.KEPT, delivery.attempts + 1)
    reason = failure.sink or failure.reason
    return End("dead", Moved(delivery, kept, failure), reason, failed.retried)


def _again(
    delivery: Delivery, stage: Stage, spec: DeliverySpec, failed: Failed, at: float
) -> End | None:
    attempts = delivery.attempts + 1
    if not failed.retried or attempts > spec.retry:
        return None
    due = at + pause_before_retry(spec, attempts)
    again = Delivery(due, delivery.event, delivery.trigger, stage, attempts)
    return End("to be retried", Moved(delivery, again), failed.reason, passing=True)
