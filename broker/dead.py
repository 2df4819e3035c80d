"""The verb `dead`: see and mend what subscribers did not take."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click
from rich.console import Console
from rich.progress import track

from broker.office import Office, cluster_office, local_office
from broker.verbs.ask import PORT, NotDone, broker_port, in_cluster

Entry = Mapping[str, Any]


@click.group(invoke_without_command=True)
@click.option("--trigger", help="List only what this Trigger's subscriber did not take.")
@click.option("--discarded", is_flag=True, help="List what was given up.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@broker_port
@click.option("--function-port", type=PORT, envvar="FUNCTION_PORT", default=8081, show_default=True)
@click.pass_context
def dead(context: click.Context, /, *, as_json: bool, **options: Any) -> None:
    """See and mend what subscribers did not take. Without a command: list it, oldest first.

    The ports are those that the blog was started with.
    """
    ports = options.pop("broker_port"), options.pop("function_port")
    office = context.obj = cluster_office() if in_cluster() else local_office(*ports)
    if context.invoked_subcommand is not None:
        return
    found, silent = office.everything(**options)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for line in [*_lines(**found), *(() if silent else remarks(office, found))]:
            click.echo(line)
    for error in silent:
        error.show()
    context.exit(1 if silent else 0)


@dead.command()
@click.argument("letter_id", metavar="ID")
@click.pass_obj
def show(office: Office, letter_id: str) -> None:
    """Show one dead letter as JSON, with the whole event."""
    click.echo(json.dumps(office.ask("GET", letter_id), indent=2, ensure_ascii=False))


@dead.command()
@click.argument("letter_id", metavar="[ID]", required=False)
@click.option("--trigger", help="All of this Trigger.")
@click.option("--all", "every", is_flag=True, help="All there are.")
@click.pass_obj
@click.pass_context
def redrive(
    context: click.Context,
    office: Office,
    letter_id: str | None,
    trigger: str | None,
    *,
    every: bool,
) -> None:
    """Deliver again: one dead letter, those of a Trigger, or all. Exits with 1 when any failed."""
    if [bool(letter_id), bool(trigger), every].count(True) != 1:
        raise click.UsageError("name one ID, or --trigger, or --all")
    letter_ids = [letter_id] if letter_id else [each["id"] for each in office.letters(trigger)]
    failures = _redrive(office, letter_ids)
    if letter_id is None and failures:
        # What is not listed any more has been delivered by itself meanwhile.
        listed = {each["id"] for each in office.letters(trigger)}
        failures = {each: failure for each, failure in failures.items() if each in listed}
    for each, failure in failures.items():
        click.echo(f"{each}: {failure}", err=True)
    click.echo(f"{len(letter_ids) - len(failures)} delivered, {len(failures)} failed")
    context.exit(1 if failures else 0)


@dead.command()
@click.argument("letter_id", metavar="ID")
@click.option("--reason", required=True, help="Why nobody needs to deliver it.")
@click.pass_obj
def discard(office: Office, letter_id: str, reason: str) -> None:
    """Give one dead letter up: its text is blanked, its ids and the reason stay."""
    office.ask("POST", letter_id, "discard", {"reason": reason})


def remarks(office: Office, found: Mapping[str, Iterable[Entry]]) -> Iterator[str]:
    """What the list does not show: sinks that are not asked, and that it is empty."""
    yield from office.elsewhere
    if not office.sinks and not office.elsewhere:
        yield "No Trigger has a dead letter sink."
    elif office.sinks and not any(found.values()):
        yield "Nothing is dead."


def _redrive(office: Office, letter_ids: list[str]) -> dict[str, NotDone]:
    """Deliver each; why those that were not are not."""
    console, failures = Console(stderr=True), {}
    shown = console.is_interactive and len(letter_ids) > 1
    for each in track(letter_ids, "delivering", console=console, disable=not shown):
        try:
            office.ask("POST", each, "redrive")
        except NotDone as error:
            failures[each] = error
    return failures


def _lines(
    deadLetters: Iterable[Entry],  # noqa: N803 - the names in the JSON list
    keptByBroker: Iterable[Entry],  # noqa: N803
) -> Iterator[str]:
    """An event in a few lines: which and whose, what and why, and what becomes of it."""
    for each in deadLetters:
        yield f"{each['id']}  {each['lastAt']}  {each['trigger']} -> {each['subscriber']}"
        said = f": {each['said']}" if each["said"] else ""
        yield f"    {_named(each)}: {each['reason']}{said} (failures: {each['failures']})"
        yield f"    {_prospect(each)}"
    for each in keptByBroker:
        yield f"kept by the broker        {each['firstAt']}  {each['trigger']}"
        yield f"    {_named(each)}: {each['reason']}"


def _prospect(letter: Entry) -> str:
    """What becomes of it; a function of an earlier version does not tell."""
    if letter["discarded"]:
        return f"discarded: {letter['discarded']}"
    if letter.get("nextAttemptIn") is None:
        return "waits for a person: redrive it or discard it"
    again = f"tried again by itself, next in {letter['nextAttemptIn']:g} s"
    return f"waits for a person; {again}" if letter["waitsForPerson"] else again


def _named(entry: Entry) -> str:
    event = entry["event"]
    return f"{event['type']} {event['id']} from {event['source']}"
