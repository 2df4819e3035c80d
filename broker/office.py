"""How the verb `dead` reaches the dead letters: the sink's function, and the broker itself."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from broker.cluster.forward import NAMES
from broker.manifests import Platform, load_platform
from broker.runner.programs import ports
from broker.runner.settings import HOST, Settings
from broker.verbs.ask import NotDone, ask


class Office:
    """Dead letters of the blog whose broker and dead letter sink have these addresses.

    No `broker`: a cluster's keeps nothing that its sink does not take.
    """

    def __init__(self, broker: str | None, sink: str) -> None:
        self._broker = broker
        self._function = sink

    def everything(
        self, trigger: str | None, *, discarded: bool
    ) -> tuple[dict[str, list[dict[str, Any]]], NotDone | None]:
        """What both keep, and why the function could not be asked: then the broker keeps it."""
        found = {"deadLetters": [], "keptByBroker": self._kept(trigger)}
        try:
            found["deadLetters"] = list(self.letters(trigger, discarded=discarded))
        except NotDone as error:
            return found, error
        return found, None

    def letters(self, trigger: str | None, *, discarded: bool = False) -> Iterator[dict[str, Any]]:
        """What the dead letter sink keeps, or has discarded, oldest first."""
        where, cursor = {"trigger": trigger or "", "discarded": str(discarded).lower()}, ""
        while cursor is not None:
            page = ask("GET", f"{self._function}/dead?{urlencode({**where, 'cursor': cursor})}")
            yield from page["deadLetters"]
            cursor = page["next"]

    def _kept(self, trigger: str | None) -> list[dict[str, Any]]:
        """What the broker keeps because the sink did not take it, or there is none."""
        if self._broker is None:
            return []
        query = f"?{urlencode({'trigger': trigger})}" if trigger else ""
        entries: list[dict[str, Any]] = ask("GET", f"{self._broker}/dead{query}")
        return entries

    def ask(self, method: str, path: str, document: object = None) -> Any:
        """Send a request about one dead letter, `ID` or `ID/VERB`; the JSON of the answer."""
        return ask(method, f"{self._function}/dead/{quote(path)}", document)


def local_office(broker_port: int, function_port: int) -> Office:
    """That of the blog which listens at these ports."""
    settings = Settings(function_port=function_port)
    platform = load_platform(settings.manifests)
    port = ports(platform, settings)[_sink(platform)]
    return Office(f"http://{HOST}:{broker_port}", f"http://{HOST}:{port}")


def cluster_office() -> Office:
    """That of the blog in the cluster."""
    platform = load_platform(Settings().manifests)
    return Office(None, f"http://{_sink(platform)}.{platform.namespace}{NAMES}")


def _sink(platform: Platform) -> str:
    """The Service that the Triggers name as their dead letter sink."""
    sinks = [trigger.delivery.dead_letter_sink for trigger in platform.triggers]
    [service] = {sink.service for sink in sinks if sink is not None}
    return str(service)
