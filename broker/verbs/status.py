"""The verb `status`: how the running blog is; changes when an operator must see more."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from time import time
from typing import TypeVar

import click
import psutil

from broker.manifests import load_platform
from broker.runner.register import Entry, read_register
from broker.runner.settings import HOST, Settings
from broker.verbs.ask import Answered, NotDone, answer
from broker.verbs.report import Report, show

T = TypeVar("T")

PATIENCE = 5.0  # seconds; who does not answer within them is not well


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="DATA_DIR",
    default=Path("data"),
    show_default=True,
    show_envvar=True,
    help="The data folder that the blog was started with.",
)
@click.option("--json", "as_json", is_flag=True, help="Sizes in bytes, times in seconds.")
@click.pass_context
def status(context: click.Context, data: Path, *, as_json: bool) -> None:
    """Show each program, each Trigger's deliveries and each outbox. Exits with 1 unless all are up.

    `dead` is what neither a Trigger's subscriber nor its dead letter sink took.
    """
    report = _report(_register(data))
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        show(report)
    context.exit(0 if all(one["up"] for one in report["programs"].values()) else 1)


def _register(data: Path) -> Mapping[str, Entry]:
    try:
        return read_register(data)
    except FileNotFoundError:
        raise click.ClickException(
            f"no blog runs with the data folder {data.absolute()}: start it with `make run`, or"
            " name its folder with --data"
        ) from None


def _report(register: Mapping[str, Entry]) -> Report:
    """Everything, asked for at once: whoever is slow is waited for only once."""
    services = load_platform(Settings().manifests).services
    publishers = {s.name: register[s.name] for s in services if s.publishes and s.name in register}
    with ThreadPoolExecutor() as pool:
        programs = dict(zip(register, pool.map(_program, register.values()), strict=True))
        outboxes = dict(zip(publishers, pool.map(_outbox, publishers.values()), strict=True))
    told = {name: one for name, one in outboxes.items() if one != {}}
    return {"programs": programs, "triggers": _triggers(register), "outboxes": told}


def _program(entry: Entry) -> Report:
    up = _unless_silent(_url(entry) + entry.probe, lambda it: it.status == 200) or False
    age, memory = (round(time() - entry.started, 1), _memory(entry.pid)) if up else (None, None)
    return {"up": up, "uptime": age, "restarts": entry.restarts, "memory": memory}


def _triggers(register: Mapping[str, Entry]) -> Report | None:
    """The broker's own counts; None when it does not tell them."""
    if "broker" not in register:
        return None
    told: Report = _unless_silent(f"{_url(register['broker'])}/status", json.load) or {}
    return told.get("triggers")


def _outbox(entry: Entry) -> Report | None:
    return outbox(_url(entry), PATIENCE)


def outbox(url: str, within: float) -> Report | None:
    """What the function there says about its outbox; None when it does not answer."""
    return _unless_silent(f"{url}/events?limit=1", _waiting, method="HEAD", within=within)


def _waiting(answered: Answered) -> Report | None:
    """Nothing of a function that has no history: it publishes in another way."""
    headers, since = answered.headers, None
    if "Outbox-Unpublished" not in headers:
        return {} if (answered.status or 0) < 500 else None
    if oldest := headers["Outbox-Oldest"]:
        since = round(time() - datetime.fromisoformat(oldest).timestamp(), 3)
    return {"unpublished": int(headers["Outbox-Unpublished"]), "oldest_wait": since}


def _unless_silent(
    url: str, read: Callable[[Answered], T], *, method: str = "GET", within: float = PATIENCE
) -> T | None:
    try:
        with answer(url, method, within=within) as answered:
            return read(answered)
    except NotDone:
        return None


def _url(entry: Entry) -> str:
    return f"http://{HOST}:{entry.port}"


def _memory(pid: int) -> int | None:
    """Bytes that the process and its descendants have in memory; shared pages count in each."""
    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in tree)
    except psutil.Error:  # it has just ended
        return None
