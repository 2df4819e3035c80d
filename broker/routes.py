"""From the manifests' destinations to URLs; changes when a destination can be something else."""

from collections.abc import Mapping

from broker.manifests import Destination, Ping, Platform, Trigger
from broker.steps import Route

Services = Mapping[str, str]


class UnknownAddress(Exception):
    """A manifest names a Service whose address is missing: give it with --service."""


def routes(platform: Platform, services: Services, url: str) -> dict[str, Route]:
    """The route of each Trigger by its name; `url` is the broker's own."""
    return {
        trigger.name: _route(trigger, services, f"{url}/{platform.namespace}/{trigger.broker}")
        for trigger in platform.triggers
    }


def ping_sinks(platform: Platform, services: Services) -> list[tuple[Ping, str]]:
    """Each PingSource with the URL of its sink."""
    return [(ping, _url(ping.sink, services, f"PingSource {ping.name}")) for ping in platform.pings]


def _route(trigger: Trigger, services: Services, broker_url: str) -> Route:
    whose, sink = f"Trigger {trigger.name}", trigger.delivery.dead_letter_sink
    return Route(
        broker=trigger.broker,
        broker_url=broker_url,
        subscriber=_url(trigger.subscriber, services, whose),
        sink=None if sink is None else _url(sink, services, whose),
        spec=trigger.delivery,
    )


def _url(to: Destination, services: Services, whose: str) -> str:
    if to.service is None:
        return to.uri
    if to.service not in services:
        remedy = f"give --service {to.service}=http://HOST:PORT"
        raise UnknownAddress(f"{whose}: the address of Service {to.service} is missing: {remedy}")
    return services[to.service].rstrip("/") + to.uri
