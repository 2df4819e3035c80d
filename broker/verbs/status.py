"""The verb `status`: how the running blog is; changes when an operator must see more."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from broker.manifests import load_platform
from broker.runner.backups import overdue
from broker.runner.data_option import data_option
from broker.runner.disk import check_disk
from broker.runner.folder import BACKUPS
from broker.runner.register import Entry, Noted, read_running
from broker.runner.restart import SETTLED
from broker.runner.settings import HOST, Settings
from broker.verbs.ask import CannotTell
from broker.verbs.processes import figures, is_child, is_runner_alive, uptime
from broker.verbs.report import program_lines, show, trigger_lines
from broker.verbs.summary import Located, Report, summed_up
from broker.verbs.told import Told, ask_all, by_kind
from eventing.condition import Finding, Trouble

PATIENCE = 5.0  # seconds; who does not answer within them is not well

OFTEN = 3  # restarts, not to be taken for an accident

BROKER = "broker"


@click.command()
@data_option("The data folder that the blog was started with.")
@click.option("--json", "as_json", is_flag=True, help="The same as one JSON object.")
@click.pass_context
def status(context: click.Context, data: Path, *, as_json: bool) -> None:
    """Show what is wrong and what to do, then each program, Trigger, outbox and copy.

    Exits with 0 if all is well, 1 if something is wrong, 2 if it could not find out.
    """
    try:
        report = _look(data.absolute())
    except OSError as error:
        why = f"the data folder {data.absolute()} cannot be read ({error.strerror})"
        raise CannotTell(f"{why}: name the blog's with --data, as the user who runs it") from None
    show(report, program_lines, trigger_lines, as_json=as_json)
    context.exit(0 if report["well"] else 1)


def _look(data: Path) -> Report:
    data.stat()  # a folder that is not there is another thing than one without a blog
    try:
        noted = read_running(data)
    except FileNotFoundError:
        return _stopped(data, "no blog runs with this data folder")
    except (ValueError, KeyError, TypeError):
        raise CannotTell(f"{data}/running.json does not say what runs: move it away") from None
    if not is_runner_alive(noted):
        return _stopped(data, "`blog run` was ended by force, and its programs with it")
    return _running(data, noted)


def _stopped(data: Path, why: str) -> Report:
    detail = f"{why}: start it with `make run`, or name another folder with --data"
    troubles = [Located("blog", Trouble("program-down", str(data), detail))]
    disk = check_disk(data)
    return summed_up("stopped", [*troubles, *_of_disk(disk)], {"disk": disk.facts})


def _running(data: Path, noted: Noted) -> Report:
    told, disk = _ask(noted), check_disk(data)
    troubles = [*_on_its_way(noted, data), *_of_programs(told, noted)]
    facts = {
        "programs": {n: _program(entry, told[n]) for n, entry in noted.programs.items()},
        "triggers": _triggers(told[BROKER]) if BROKER in told else None,
        **by_kind(told),
        "disk": disk.facts,
    }
    troubles += [*_of_backups(data, noted), *_of_disk(disk)]
    return summed_up(noted.phase, troubles, facts)


def _ask(noted: Noted) -> Mapping[str, Told]:
    """What each program tells."""
    tell = {one.name for one in load_platform(Settings().manifests).services if one.function}
    paths = {
        name: "/status" if name in tell or name == BROKER else entry.probe
        for name, entry in noted.programs.items()
    }
    urls = {
        name: f"http://{HOST}:{noted.programs[name].port}{path}" for name, path in paths.items()
    }
    told = ask_all(urls, PATIENCE)
    return {name: _believed(name, told[name], noted) for name in noted.programs}


def _believed(name: str, told: Told, noted: Noted) -> Told:
    """What the program tells, unless it is down, or another one answers at its port."""
    entry = noted.programs[name]
    if told.up and is_child(entry, noted.runner):
        return replace(told, troubles=[*_of_restarts(name, entry), *told.troubles])
    if told.up:
        why = f"it has ended, and another process answers at its port {entry.port}: end that one"
    else:
        [silence] = told.troubles
        again = f"if it hangs, end its process {entry.pid}, and `blog run` starts it again"
        why = f"{silence.detail}; {again}"
    return Told(troubles=[Trouble("program-down", name, why)], up=False)


def _of_restarts(name: str, entry: Entry) -> Iterator[Trouble]:
    """A program that ends again and again is seldom met while it is down."""
    uptime = figures(entry)["uptime"]
    if entry.restarts >= OFTEN and uptime is not None and uptime < SETTLED:
        detail = f"it was started again {entry.restarts} times, {uptime:.0f} s ago the last time"
        yield Trouble("program-restarts", name, f"{detail}: see why it ends in its log lines")


def _on_its_way(noted: Noted, data: Path) -> Iterator[Located]:
    """The blog as a whole, while it starts or stops."""
    if noted.phase != "running":
        detail = f"the blog is {noted.phase}: ask again in a few seconds"
        yield Located("blog", Trouble("program-down", str(data), detail))


def _of_programs(told: Mapping[str, Told], noted: Noted) -> Iterator[Located]:
    """What programs tell, and those that are down although they should all be up."""
    for name, one in told.items():
        if one.up or noted.phase == "running":
            yield from (Located(name, each) for each in one.troubles)


def _program(entry: Entry, told: Told) -> Report:
    seen = figures(entry) if told.up else {"uptime": None, "memory": None}
    return {"up": told.up, "restarts": entry.restarts, **seen}


def _triggers(broker: Told) -> Report | None:
    """The broker's own counts; None when it does not tell them."""
    counts = broker.facts.get("triggers")
    if not isinstance(counts, dict):
        return None
    return {name: {_camel(count): it for count, it in one.items()} for name, one in counts.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def _of_backups(data: Path, noted: Noted) -> Iterator[Located]:
    """The daily backup, when it is late; the log has told why."""
    if overdue(data, timedelta(seconds=uptime(noted.runner)), datetime.now(UTC)):
        detail = "none is from the last day: the log says why, under the same kind of trouble"
        yield Located("blog", Trouble("backup-missing", str(data / BACKUPS), detail))


def _of_disk(disk: Finding) -> list[Located]:
    return [Located("disk", each) for each in disk.troubles]
