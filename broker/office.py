"""How the verb `dead` reaches the dead letters: the functions that are sinks, and the broker."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from broker.cluster.forward import NAMES
from broker.manifests import Destination, Platform, load_platform
from broker.runner.programs import ports
from broker.runner.settings import HOST, Settings
from broker.verbs.ask import NotDone, ask

Entry = dict[str, Any]


class NoSink(NotDone):
    """No Trigger in the manifests has a dead letter sink that can be asked."""

    def __init__(self) -> None:
        super().__init__(str(self.__doc__))


@dataclass(frozen=True, slots=True)
class Sinks:
    """The dead letter sinks of the manifests: addresses of functions by their Service's name.

    `elsewhere` has one sentence for each sink that is not a function of this blog.
    """

    functions: Mapping[str, str]
    elsewhere: Sequence[str]


class Office:
    """Dead letters of the blog whose broker and dead letter sinks have these addresses.

    No `broker`: a cluster's keeps nothing that its sink does not take.
    """

    def __init__(self, broker: str | None, sinks: Sinks) -> None:
        self._broker = broker
        self.sinks = sinks.functions
        self.elsewhere = sinks.elsewhere

    def everything(
        self, trigger: str | None, *, discarded: bool
    ) -> tuple[dict[str, list[Entry]], list[NotDone]]:
        """What all of them keep, and why a function could not be asked."""
        found: dict[str, list[Entry]] = {"deadLetters": [], "keptByBroker": self._kept(trigger)}
        silent = []
        for sink in self.sinks:
            try:
                found["deadLetters"] += self._letters(sink, trigger, discarded=discarded)
            except NotDone as error:
                silent.append(error)
        return found, silent

    def letters(self, trigger: str | None) -> Iterator[Entry]:
        """What the dead letter sinks keep, oldest first in each."""
        for sink in self.sinks:
            yield from self._letters(sink, trigger, discarded=False)

    def ask(self, method: str, letter_id: str, verb: str = "", document: object = None) -> Any:
        """Send a request about one dead letter to the sink that has it; the JSON of the answer."""
        url = f"{self.sinks[self._sink_of(letter_id)]}/dead/{quote(letter_id)}"
        return ask(method, f"{url}/{verb}" if verb else url, document)

    def _sink_of(self, letter_id: str) -> str:
        """The only sink, or the one that has this letter; NotDone with what each said."""
        if not self.sinks:
            raise NoSink
        if len(self.sinks) == 1:
            return next(iter(self.sinks))
        refusals = []
        for sink, url in self.sinks.items():
            try:
                ask("GET", f"{url}/dead/{quote(letter_id)}")
            except NotDone as error:
                refusals.append(f"{sink}: {error}")
            else:
                return sink
        raise NotDone("; ".join(refusals))

    def _letters(self, sink: str, trigger: str | None, *, discarded: bool) -> Iterator[Entry]:
        where, cursor = {"trigger": trigger or "", "discarded": str(discarded).lower()}, ""
        while cursor is not None:
            query = urlencode({**where, "cursor": cursor})
            page = ask("GET", f"{self.sinks[sink]}/dead?{query}")
            if "deadLetters" not in page:
                raise NotDone(f"the dead letter sink {sink} does not list what it has")
            yield from ({"sink": sink, **letter} for letter in page["deadLetters"])
            cursor = page["next"]

    def _kept(self, trigger: str | None) -> list[Entry]:
        """What the broker keeps because the sink did not take it, or there is none."""
        if self._broker is None:
            return []
        query = f"?{urlencode({'trigger': trigger})}" if trigger else ""
        return [_named(entry) for entry in ask("GET", f"{self._broker}/dead{query}")]


def local_office(broker_port: int, function_port: int) -> Office:
    """That of the blog which listens at these ports."""
    settings = Settings(function_port=function_port)
    platform = load_platform(settings.manifests)
    here = {name: f"http://{HOST}:{port}" for name, port in ports(platform, settings).items()}
    return Office(f"http://{HOST}:{broker_port}", sinks(platform, here))


def cluster_office() -> Office:
    """That of the blog in the cluster."""
    platform = load_platform(Settings().manifests)
    functions = [service.name for service in platform.services if service.function]
    there = {name: f"http://{name}.{platform.namespace}{NAMES}" for name in functions}
    return Office(None, sinks(platform, there))


def sinks(platform: Platform, addresses: Mapping[str, str]) -> Sinks:
    """The dead letter sinks of the Triggers, where functions have these `addresses`."""
    triggers: dict[str, list[str]] = {}
    for trigger in platform.triggers:
        if (sink := trigger.delivery.dead_letter_sink) is not None:
            triggers.setdefault(_place(sink), []).append(trigger.name)
    elsewhere = [
        f"{place}, the dead letter sink of {', '.join(names)}, is not asked: it is not a function"
        for place, names in triggers.items()
        if place not in addresses
    ]
    return Sinks({name: addresses[name] for name in triggers if name in addresses}, elsewhere)


def _place(sink: Destination) -> str:
    """The name of the Service, or where the URI leads, without a password or a path."""
    return sink.service or sink.uri.partition("//")[2].partition("/")[0].rpartition("@")[2]


def _named(entry: Entry) -> Entry:
    """What the broker keeps, in the words of the functions' lists."""
    words = {"time": "firstAt", "attempts": "failures"}
    return {words.get(name, name): value for name, value in entry.items()}
