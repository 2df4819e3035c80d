"""From documents to a platform whose references all resolve; changes when objects join anew."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from broker.filters import Filter, FilterError, compile_filter
from broker.manifests import shapes
from broker.manifests.delivery import (
    KNATIVE_DEFAULT,
    check_known,
    check_ref,
    read_delivery,
    read_destination,
)
from broker.manifests.errors import Place
from broker.manifests.objects import Found, read_object
from broker.manifests.pings import read_ping
from broker.manifests.platform import DeliverySpec, Platform, Trigger
from broker.manifests.services import read_service

Kind = TypeVar("Kind", bound=shapes.Object)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a reference may name: the Services, and the Brokers with their delivery."""

    services: Sequence[str]
    brokers: Mapping[str, DeliverySpec]


def parse_platform(documents: Iterable[tuple[str, object]], namespace: str = "blog") -> Platform:
    """The platform that these documents, each with the name of its file, describe.

    Raises ManifestError at the first document that cannot be obeyed.
    """
    found = [read_object(file, document, namespace) for file, document in documents]
    _check_unique(found)
    known = _known(found)
    bound = _bound_brokers(found, known)
    return Platform(
        namespace=namespace,
        brokers=tuple(known.brokers),
        services=tuple(
            read_service(place, service, broker=bound.get(place.name))
            for place, service in _all(found, shapes.KnativeService)
        ),
        triggers=tuple(_trigger(*each, known) for each in _all(found, shapes.Trigger)),
        pings=tuple(
            read_ping(place, ping.spec, services=known.services)
            for place, ping in _all(found, shapes.PingSource)
        ),
    )


def _all(found: Iterable[Found], kind: type[Kind]) -> Iterator[tuple[Place, Kind]]:
    return ((each.place, each.object) for each in found if isinstance(each.object, kind))


def _check_unique(found: Iterable[Found]) -> None:
    seen: dict[tuple[str, str], Place] = {}
    for place in (each.place for each in found):
        first = seen.setdefault((place.kind, place.name), place)
        if first is not place:
            raise place.error("metadata.name", f"is taken in {first.file}: rename one of them")


def _known(found: Sequence[Found]) -> _Known:
    services = [place.name for place, _ in _all(found, shapes.KnativeService)]
    brokers = {
        place.name: read_delivery(place, broker.spec.delivery, services=services) or KNATIVE_DEFAULT
        for place, broker in _all(found, shapes.Broker)
    }
    return _Known(services, brokers)


def _trigger(place: Place, trigger: shapes.Trigger, known: _Known) -> Trigger:
    """A Trigger's own delivery replaces its Broker's whole."""
    spec = trigger.spec
    check_known(place, spec.broker, field="spec.broker", known=known.brokers)
    return Trigger(
        name=place.name,
        broker=spec.broker,
        filter=_filter(place, spec),
        subscriber=read_destination(
            place, spec.subscriber, field="spec.subscriber", services=known.services
        ),
        delivery=read_delivery(place, spec.delivery, services=known.services)
        or known.brokers[spec.broker],
    )


def _filter(place: Place, spec: shapes.TriggerSpec) -> Filter:
    try:
        return compile_filter(spec.filter.attributes if spec.filter else None, spec.filters)
    except FilterError as error:
        raise place.error(error.field, error.problem) from error


def _bound_brokers(found: Sequence[Found], known: _Known) -> Mapping[str, str]:
    """The Broker to which each Service publishes; two SinkBindings may not disagree about it."""
    bound: dict[str, str] = {}
    for place, binding in _all(found, shapes.SinkBinding):
        service, broker = _bound(place, binding.spec, known)
        if bound.setdefault(service, broker) != broker:
            problem = f"{service} is bound to the Broker {bound[service]} already: remove one"
            raise place.error("spec.sink.ref.name", problem)
    return bound


def _bound(place: Place, spec: shapes.BindingSpec, known: _Known) -> tuple[str, str]:
    """The Service that a SinkBinding gives K_SINK, and the Broker that this leads to."""
    subject, sink = spec.subject, spec.sink
    check_ref(place, subject, field="spec.subject", kind=(shapes.SERVING, "Service"))
    check_known(place, subject.name, field="spec.subject.name", known=known.services)
    if sink.ref is None or sink.uri is not None:
        raise place.error("spec.sink", "must be a ref to a Broker alone: write it so")
    check_ref(place, sink.ref, field="spec.sink.ref", kind=(shapes.EVENTING, "Broker"))
    check_known(place, sink.ref.name, field="spec.sink.ref.name", known=known.brokers)
    return subject.name, sink.ref.name
