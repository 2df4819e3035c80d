"""The verb `dead`: lists what the broker could deliver to nobody; changes with what it shows."""

import json
from collections.abc import Iterable
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import click

ANSWER_WITHIN = 30.0  # seconds


@click.command()
@click.option("--trigger", help="Only what this Trigger's subscriber did not take.")
@click.option(
    "--broker-port",
    type=click.IntRange(1, 65_535),
    envvar="BROKER_PORT",
    default=8090,
    show_default=True,
    help="Where the broker listens.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the broker's list as it is.")
def dead(trigger: str | None, broker_port: int, *, as_json: bool) -> None:
    """List the events that a Trigger's subscriber did not take, oldest first."""
    entries = _ask(broker_port, trigger)
    click.echo(json.dumps(entries, indent=2) if as_json else "\n".join(_lines(entries)))


def _ask(port: int, trigger: str | None) -> list[dict[str, Any]]:
    query = f"?{urlencode({'trigger': trigger})}" if trigger else ""
    try:
        with urlopen(f"http://127.0.0.1:{port}/dead{query}", timeout=ANSWER_WITHIN) as answer:
            entries: list[dict[str, Any]] = json.load(answer)
            return entries
    except (OSError, HTTPException, ValueError) as error:
        raise click.ClickException(
            f"no broker answers at port {port} ({error}): "
            "start the blog with `make run`, or name the port with --broker-port"
        ) from None


def _lines(entries: Iterable[dict[str, Any]]) -> Iterable[str]:
    """One event in two lines: when and whose, then what and why."""
    none = True
    for entry in entries:
        none, event = False, entry["event"]
        yield f"{entry['time']}  {entry['trigger']} -> {entry['subscriber']}"
        yield (
            f"    {event['type']} {event['id']} from {event['source']}: {entry['reason']} "
            f"after {entry['attempts']} attempts"
        )
    if none:
        yield "Nothing is dead."
