"""The verb `outbox`: see, try again and give up what the broker refuses for good."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import click

from broker.cluster.forward import NAMES
from broker.manifests import load_platform
from broker.runner.programs import ports
from broker.runner.settings import HOST, Settings
from broker.verbs.ask import PORT, NotDone, answer, ask, in_cluster, refuses
from eventing.logs import printable

Entry = dict[str, Any]

ANSWER_WITHIN = 100.0  # seconds; a broker may answer after the whole chain of deliveries
LOOK_AGAIN = 0.2  # seconds
NOT_THERE = 404  # no such event, or no outbox


class Outboxes:
    """The outboxes of functions, by the address of each."""

    def __init__(self, functions: Mapping[str, str]) -> None:
        self._functions = functions

    def entries(self, *, discarded: bool = False) -> tuple[list[Entry], list[NotDone]]:
        """What is refused, or was given up, and why a function could not be asked."""
        found: list[Entry] = []
        silent = []
        for name, url in self._functions.items():
            try:
                found += ({"function": name, **each} for each in _entries(url, discarded))
            except NotDone as error:
                silent.append(error)
        return found, silent

    def url(self, event_id: str) -> str:
        """Where the refused event with this id is; NotDone if it is nowhere."""
        silent = []
        for url in self._functions.values():
            try:
                if _found(there := f"{url}/outbox/{quote(event_id, safe='')}") is not None:
                    return there
            except NotDone as error:
                silent.append(str(error))
        raise NotDone("; ".join([f"no event {event_id} was refused", *silent]))


def _entries(url: str, discarded: bool) -> Iterator[Entry]:
    where, cursor = {"discarded": str(discarded).lower()}, ""
    while cursor is not None:
        page = _found(f"{url}/outbox?{urlencode({**where, 'cursor': cursor})}")
        if page is None:
            return  # it publishes in another way
        yield from page["refused"]
        cursor = page["next"]


def _found(url: str, method: str = "GET") -> Entry | None:
    with answer(url, method) as answered:
        if answered.status == NOT_THERE:
            return None
        if refuses(answered):
            raise NotDone(f"{url} answered {answered.status}")
        entry: Entry = json.load(answered)
        return entry


def _outboxes(function_port: int) -> Outboxes:
    settings = Settings(function_port=function_port)
    platform = load_platform(settings.manifests)
    publishers = [each.name for each in platform.services if each.publishes and each.function]
    if in_cluster():
        return Outboxes({name: f"http://{name}.{platform.namespace}{NAMES}" for name in publishers})
    at = ports(platform, settings)
    return Outboxes({name: f"http://{HOST}:{at[name]}" for name in publishers})


@click.group(invoke_without_command=True)
@click.option("--discarded", is_flag=True, help="List what was given up.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.option("--function-port", type=PORT, envvar="FUNCTION_PORT", default=8081, show_default=True)
@click.pass_context
def outbox(
    context: click.Context, /, *, discarded: bool, as_json: bool, function_port: int
) -> None:
    """See and mend what the broker refuses for good. Without a command: list it, oldest first.

    The port is the one that the blog was started with.
    """
    outboxes = context.obj = _outboxes(function_port)
    if context.invoked_subcommand is not None:
        return
    found, silent = outboxes.entries(discarded=discarded)
    if as_json:
        click.echo(json.dumps({"refused": found}, indent=2))
    elif lines := "\n".join(line for each in found for line in _lines(**each)):
        click.echo(lines)
    elif not silent:
        click.echo("No event was given up." if discarded else "No event is refused.")
    for error in silent:
        error.show()
    context.exit(1 if silent else 0)


@outbox.command()
@click.argument("event_id", metavar="ID")
@click.pass_obj
def show(outboxes: Outboxes, event_id: str) -> None:
    """Show one refused event as JSON, with all that it says."""
    click.echo(json.dumps(_found(outboxes.url(event_id)), indent=2, ensure_ascii=False))


@outbox.command()
@click.argument("event_id", metavar="[ID]", required=False)
@click.option("--all", "every", is_flag=True, help="All there are.")
@click.pass_obj
@click.pass_context
def retry(context: click.Context, outboxes: Outboxes, event_id: str | None, *, every: bool) -> None:
    """Publish again: one refused event, or all. Exits with 1 unless the broker took them."""
    if bool(event_id) == every:
        raise click.UsageError("name one ID, or --all")
    silent: list[NotDone] = []
    if event_id:
        urls = [outboxes.url(event_id)]
    else:
        found, silent = outboxes.entries()
        urls = [outboxes.url(each["event"]["id"]) for each in found]
    outcomes = _retry(urls)
    for line in filter(None, outcomes):
        click.echo(line, err=True)
    for error in silent:
        error.show()
    failed = len(outcomes) - outcomes.count("")
    click.echo(f"{outcomes.count('')} published, {failed} failed")
    context.exit(1 if failed or silent else 0)


@outbox.command()
@click.argument("event_id", metavar="ID")
@click.option("--reason", required=True, help="Why nobody needs to publish it.")
@click.pass_obj
def discard(outboxes: Outboxes, event_id: str, reason: str) -> None:
    """Give one refused event up: later events of its post or comment go on without it.

    It stays in the function's history, from which copies are made and mended.
    """
    ask("POST", f"{outboxes.url(event_id)}/discard", {"reason": reason})


def _retry(urls: list[str]) -> list[str]:
    """What became of each: nothing if it was published, else in words."""
    begun = [(url, _found(f"{url}/retry", "POST")) for url in urls]
    end = time.monotonic() + ANSWER_WITHIN
    return [_outcome(url, before, end) for url, before in begun]


def _outcome(url: str, before: Entry | None, end: float) -> str:
    while (entry := _found(url)) is not None:
        if entry["discardedAt"]:
            return f"{entry['event']['id']}: it was given up"
        if before is None or entry["refusals"] > before["refusals"]:
            return f"{entry['event']['id']}: {_said(**entry)}"
        if time.monotonic() > end:
            return f"{entry['event']['id']}: no answer from the broker yet"
        time.sleep(LOOK_AGAIN)
    return ""


def _lines(function: str, event: Entry, refusals: int, behind: int, **more: Any) -> Iterator[str]:
    """An event in two lines: which and whose, then what the broker said."""
    named = " ".join(str(event.get(name, "?")) for name in ("type", "id"))
    yield f"{function}  {more['refusedAt']}  {named} from {event.get('source', '?')}"
    given_up = f"; discarded: {printable(more['discarded'])}" if more["discardedAt"] else ""
    waits = "" if given_up else f"; later events that wait for it: {behind}"
    yield f"    {_said(**more)} (refusals: {refusals}){waits}{given_up}"


def _said(status: int, said: str, **_: Any) -> str:
    return f"answered {status}" + (f": {printable(said)}" if said else "")
