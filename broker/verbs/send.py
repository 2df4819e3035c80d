"""The verb `send`: one event to the broker, and what it answers; changes with what is sent."""

import json
from collections.abc import Sequence
from typing import Any, BinaryIO

import click

from broker.cluster.kubectl import get
from broker.manifests import load_platform
from broker.runner.settings import HOST, Settings
from broker.verbs.ask import answer, broker_port, in_cluster, refuses
from eventing.clock import now
from eventing.cloudevent import STRUCTURED, CloudEvent, InvalidEvent, read_event, write_binary
from eventing.identity import new_id
from eventing.strictjson import NotJSON, parse_json


@click.command()
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--type", help="What happened.")
@click.option("--source", help="Where it happened, as in /posts.")
@click.option("--subject", help="To what it happened.")
@click.option("--id", help="Which event of its source it is.  [default: a new one]")
@click.option("--data", help="The data, as JSON.")
@click.option("--data-file", type=click.File("rb"), help="A file with it; - is standard input.")
@click.option("--extension", "extensions", multiple=True, metavar="NAME=VALUE", help="Any number.")
@click.option("--broker", help="To which Broker of the manifests, if there are several.")
@broker_port
def send(file: BinaryIO | None, *, broker: str | None, broker_port: int, **flags: Any) -> None:
    """Send an event to the broker: the one in FILE, structured JSON (- is standard input), or one
    made of the options.

    Exits with 1 unless the broker takes it, and shows what it says instead.
    """
    event = _valid(_read(file, flags))
    headers, body = write_binary(event)
    with answer(_sink(broker, broker_port), "POST", body=body, headers=headers) as answered:
        told = answered.read().decode(errors="replace").strip()
        line = f"{answered.status} {answered.reason}: {event.type} {event.id} from {event.source}"
    if refuses(answered):
        raise click.ClickException(f"{line}\n{told}".rstrip())
    click.echo(line)


def _read(file: BinaryIO | None, flags: dict[str, Any]) -> bytes:
    if file is None:
        return _structured(**flags)
    if any(flags.values()):
        raise click.UsageError("give either FILE or options that make an event")
    return file.read()


def _structured(
    data: str | None, data_file: BinaryIO | None, extensions: tuple[str, ...], **attributes: Any
) -> bytes:
    """The event of the options in the JSON format, valid or not."""
    if data is not None and data_file is not None:
        raise click.UsageError("give either --data or --data-file")
    members = {"specversion": "1.0", "id": new_id(), "time": now()}
    members |= {name: value for name, value in attributes.items() if value is not None}
    members |= dict(_pair(extension) for extension in extensions)
    text = data.encode() if data is not None else data_file.read() if data_file else None
    return json.dumps(members if text is None else {**members, "data": _json(text)}).encode()


def _pair(extension: str) -> tuple[str, str]:
    name, separator, value = extension.partition("=")
    if not separator:
        raise click.UsageError(f"--extension {extension} is not NAME=VALUE")
    return name, value


def _json(text: bytes) -> object:
    try:
        return parse_json(text)
    except NotJSON as error:
        raise click.UsageError(f"the data is not JSON: {error}") from None


def _valid(structured: bytes) -> CloudEvent:
    try:
        return read_event({"content-type": STRUCTURED}, structured)
    except InvalidEvent as error:
        raise click.ClickException(f"no valid event: {error}") from None


def _sink(broker: str | None, port: int) -> str:
    platform = load_platform(Settings().manifests)
    name = chosen_broker(broker, platform.brokers)
    if in_cluster():
        found = get("broker", name, platform.namespace)
        return str(found["status"]["address"]["url"])
    return f"http://{HOST}:{port}/{platform.namespace}/{name}"


def chosen_broker(broker: str | None, brokers: Sequence[str]) -> str:
    """The Broker of that name, or the only one; a wrong one would take the event for nobody."""
    if broker in brokers:
        return str(broker)
    if broker is None and len(brokers) == 1:
        return brokers[0]
    names = ", ".join(brokers) or "none"
    raise click.UsageError(f"name a Broker of the manifests with --broker: {names}")
