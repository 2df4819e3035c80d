"""The verb `events`: follows what passes the broker; changes with how an event is shown."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import click

from broker.runner.settings import HOST
from broker.verbs.ask import NotDone, answer, broker_port
from eventing.logs import printable


def options(verb: Callable[..., None]) -> Callable[..., None]:
    """Which events are wanted, and how they are shown; the same wherever the blog runs."""
    for option in reversed(_OPTIONS):
        verb = option(verb)
    return verb


_OPTIONS = (
    click.option("--type", help="Only events of this type."),
    click.option("--source", help="Only events of this source."),
    click.option("--correlationid", help="Only what this correlation id began."),
    click.option("--data", is_flag=True, help="Show the data too, of events from now on."),
    click.option("--json", "as_json", is_flag=True, help="One event a line, in the JSON format."),
    click.option("--count", type=click.IntRange(min=1), help="End after so many events."),
)


@click.command()
@options
@broker_port
def events(*, as_json: bool, count: int | None, broker_port: int, **wanted: Any) -> None:
    """Follow what passes the broker, replies included, until Ctrl-C.

    It begins with those of the last hundred events or so that are wanted, without their data.
    """
    query = urlencode({name: value for name, value in wanted.items() if value})
    passed = _passed(f"http://{HOST}:{broker_port}/watch?{query}")
    with suppress(KeyboardInterrupt):
        for shown in islice(passed, count):
            click.echo(json.dumps(shown["event"]) if as_json else readable(**shown))


def _passed(url: str) -> Iterator[dict[str, Any]]:
    """What the broker tells, line by line; NotDone when it stops."""
    with answer(url) as answered:
        for line in answered:
            told = json.loads(line) if line.strip() else {}
            if "lost" in told:
                click.echo(f"{told['lost']} events are not shown: they came too fast", err=True)
            elif told:
                yield told
    raise NotDone("the broker has stopped")


def readable(event: Mapping[str, Any], triggers: list[str]) -> str:
    """One line for a person: when, what, whence, which, begun by what, and for whom."""
    clock = (
        datetime.fromisoformat(event.get("knativearrivaltime") or event["time"])
        .astimezone()
        .strftime("%H:%M:%S")
    )
    what = f"{event['type']:<16} {event['source']:<11} {event['id']:<24}"
    whom = ", ".join(triggers) or "nobody"
    line = f"{clock} {what} {event.get('correlationid', '-')} -> {whom}"
    data = event.get("data", event.get("data_base64"))
    return (
        line if data is None else f"{line}\n    {printable(json.dumps(data, ensure_ascii=False))}"
    )
