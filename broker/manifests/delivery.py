"""Destinations, durations and delivery blocks; changes when Knative's `delivery` does."""

import re
from collections.abc import Collection
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec

from broker.manifests import shapes
from broker.manifests.errors import Place
from broker.manifests.platform import DeliverySpec, Destination

# Knative's reader of durations keeps tenths and drops what follows (rickb777/date `period`);
# months and years have no fixed length.
_DURATION = re.compile(r"P[0-9DTHM]*([0-9]+(\.[0-9])?S)?")

KNATIVE_DEFAULT = DeliverySpec(10, "exponential", 0.2, None, None)
"""What a Broker without a `delivery` gets (`config/core/configmaps/default-broker.yaml`)."""


def read_delivery(
    place: Place, delivery: shapes.Delivery | None, *, services: Collection[str]
) -> DeliverySpec | None:
    """The block as it applies, None where there is none.

    What a block leaves out is off, not filled from another one: no retry, and unless policy and
    delay are both given no pause between attempts (knative/eventing `pkg/kncloudevents`).
    """
    if delivery is None:
        return None
    paused = delivery.backoff_policy is not None and delivery.backoff_delay is not None
    delay = _seconds(place, delivery.backoff_delay, name="backoffDelay")
    timeout = _seconds(place, delivery.timeout, name="timeout")
    if timeout == 0:
        raise place.error("spec.delivery.timeout", "must be more than zero: leave it out")
    return DeliverySpec(
        retry=delivery.retry,
        backoff_policy=delivery.backoff_policy or "exponential",
        backoff_delay=delay if paused and delay is not None else 0.0,
        timeout=timeout,
        dead_letter_sink=_dead_letter_sink(place, delivery.dead_letter_sink, services=services),
    )


def read_destination(
    place: Place, target: shapes.Target, *, field: str, services: Collection[str]
) -> Destination:
    """Where `target` leads; the Service that a `ref` names must be in the manifests."""
    if target.ref is None:
        return Destination(None, _absolute(place, field, target.uri))
    check_ref(place, target.ref, field=f"{field}.ref", kind=(shapes.SERVING, "Service"))
    check_known(place, target.ref.name, field=f"{field}.ref.name", known=services)
    path = "/" if target.uri is None else target.uri
    if not path.startswith("/") or path.startswith("//"):
        raise place.error(f"{field}.uri", f"{path!r} beside a ref must be a path: begin with one /")
    return Destination(target.ref.name, path)


def check_ref(place: Place, ref: shapes.Reference, *, field: str, kind: tuple[str, str]) -> None:
    """A reference to anything but `kind`, in this namespace, is refused."""
    if (ref.api_version, ref.kind) != kind:
        raise place.error(
            field, f"must be a {kind[1]} of {kind[0]}: the local platform has no other"
        )
    if ref.namespace is not None:
        raise place.error(f"{field}.namespace", "the local platform has one namespace: remove it")


def check_known(place: Place, name: str, *, field: str, known: Collection[str]) -> None:
    """A name that no manifest declares is refused."""
    if name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise place.error(field, f"{name} is in no manifest: use one of those ({there}) or add it")


def _dead_letter_sink(
    place: Place, sink: shapes.Target | None, *, services: Collection[str]
) -> Destination | None:
    if sink is None:
        return None
    return read_destination(place, sink, field="spec.delivery.deadLetterSink", services=services)


def _absolute(place: Place, field: str, uri: str | None) -> str:
    if uri is None:
        raise place.error(field, "names neither a ref nor a uri: add one")
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise place.error(f"{field}.uri", f"{uri!r} must be an absolute http URI, or add a ref")
    return uri


def _seconds(place: Place, text: str | None, *, name: str) -> float | None:
    """A strict ISO 8601 duration of days to tenths of seconds."""
    if text is None:
        return None
    try:
        duration = msgspec.convert(text, timedelta)
    except msgspec.ValidationError:
        duration = None
    if duration is None or not _DURATION.fullmatch(text):
        problem = f"{text!r} is no duration that Knative reads as ISO 8601 does: write PT0.5S"
        raise place.error(f"spec.delivery.{name}", problem)
    return duration.total_seconds()
