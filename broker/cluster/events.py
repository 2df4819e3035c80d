"""The verb `events` against a cluster: follows the functions' histories; changes with their form.

A Trigger of its own would see what passes the broker, but while its subscriber is away an
in-memory broker refuses everybody's events; a history can only be read.
"""

import json
import time
from collections.abc import ItemsView, Iterator, Mapping
from contextlib import suppress
from itertools import count as forever
from itertools import islice
from operator import itemgetter
from typing import Any

import click

from broker.cluster.forward import NAMES
from broker.manifests import Platform, load_platform
from broker.runner.settings import Settings
from broker.verbs.ask import NotDone, answer, refuses
from broker.verbs.events import options, readable
from eventing.cloudevent import STRUCTURED, read_event

FIRST_PAGE = "/events?limit=500"
PAST = 100  # events that are shown of what was before
PAUSE = 2.0  # seconds between two looks
NO_HISTORY = 404

Event = Mapping[str, Any]


@click.command()
@options
def events(*, as_json: bool, data: bool, count: int | None, **wanted: str | None) -> None:
    """Follow what the functions have to publish, until Ctrl-C. Keeps them awake meanwhile.

    It begins with the last hundred events that are wanted, and ends after --count of them.
    """
    platform = load_platform(Settings().manifests)
    attributes = {name: value for name, value in wanted.items() if value}.items()
    with suppress(KeyboardInterrupt):
        for event in islice(_followed(platform, attributes), count):
            told = event if data else {k: v for k, v in event.items() if not k.startswith("data")}
            click.echo(json.dumps(told) if as_json else readable(told, _whom(platform, event)))


def _followed(platform: Platform, wanted: ItemsView[str, str]) -> Iterator[Event]:
    histories = [
        _History(f"http://{service.name}.{platform.namespace}{NAMES}")
        for service in platform.services
        if service.function
    ]
    for look in forever():
        if look > 0:
            time.sleep(PAUSE)
        new = [event for history in histories for event in history.news()]
        new = sorted((e for e in new if wanted <= e.items()), key=itemgetter("time"))
        yield from new[0 if look else -PAST :]


class _History:
    """A function's, as far as it has not been read; one that has none stays empty."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._link: str | None = FIRST_PAGE

    def news(self) -> Iterator[Event]:
        """What has come since."""
        more = True
        while more and self._link:
            page = self._page(self._link)
            more = bool(page)
            yield from page

    def _page(self, link: str) -> list[Event]:
        with answer(self._url + link) as answered:
            self._link = None if answered.status == NO_HISTORY else link
            if self._link is None:
                return []
            if refuses(answered):
                raise NotDone(f"{self._url}{link} answered {answered.status}")
            self._link = answered.headers["Link"].partition(">")[0].removeprefix("<")
            page: list[Event] = json.load(answered)
            return page


def _whom(platform: Platform, event: Event) -> list[str]:
    """The Triggers that it goes to."""
    read = read_event({"content-type": STRUCTURED}, json.dumps(event).encode())
    return [trigger.name for trigger in platform.triggers if trigger.filter(read)]
