"""The verb `status` against a cluster; changes when an operator must see more of one."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import click

from broker.cluster.channels import stale_subscribers
from broker.cluster.conditions import Object, holds, name_of
from broker.cluster.forward import NAMES
from broker.cluster.knative import KINDS, Deployed, troubles
from broker.cluster.kubectl import ClusterRefused, every
from broker.manifests import Platform, load_platform
from broker.office import cluster_office
from broker.runner.settings import Settings
from broker.verbs.ask import CannotTell, NotDone
from broker.verbs.at_once import at_once
from broker.verbs.report import NO, Line, show
from broker.verbs.summary import Located, Report, summed_up
from broker.verbs.told import Told, ask_all, by_kind

SERVICE = "serving.knative.dev/service"  # the label of its pods
PATIENCE = 30.0  # seconds; a function that is asked may be asleep


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same as one JSON object.")
@click.option(
    "--without-waking",
    is_flag=True,
    help="Look at the cluster's objects only; ask no function, as that would wake it.",
)
@click.pass_context
def status(context: click.Context, *, as_json: bool, without_waking: bool) -> None:
    """Show what is wrong and what to do, then each Service, Trigger, outbox and copy.

    Exits with 0 if all is well, 1 if something is wrong, 2 if it could not find out.
    """
    platform = load_platform(Settings().manifests)
    try:
        report = _report(platform, ask=not without_waking)
    except ClusterRefused as error:
        raise CannotTell(error.message) from None
    show(report, _service_lines, _trigger_lines, as_json=as_json)
    context.exit(0 if report["well"] else 1)


def pods(namespace: str) -> Counter[str]:
    """How many pods each Knative Service has, those that are ending included."""
    return _counted(every("pods", namespace))


def _counted(of: Sequence[Object]) -> Counter[str]:
    labels = (pod["metadata"].get("labels", {}) for pod in of)
    return Counter(each[SERVICE] for each in labels if SERVICE in each)


def _report(platform: Platform, *, ask: bool) -> Report:
    """First what is seen without waking anybody, as asking the functions wakes them."""
    there = _look(platform.namespace)
    names = {name_of(one) for one in there.of("Service")}
    functions = [one.name for one in platform.services if one.function and one.name in names]
    told, letters = _ask(functions, platform.namespace) if ask else ({}, None)
    running = _counted(there.pods)
    facts = {
        "services": {
            name_of(one): {"ready": holds(one, "Ready"), "pods": running[name_of(one)]}
            for one in there.of("Service")
        },
        "triggers": _triggers(platform, there, letters),
        **by_kind(told),
    }
    said = [Located(name, each) for name, one in told.items() for each in one.troubles]
    return summed_up("deployed", [*troubles(platform, there), *said], facts)


def _look(namespace: str) -> Deployed:
    objects: dict[str, list[Object]] = {}
    for one in every(",".join([*KINDS.values(), "pods"]), namespace):
        objects.setdefault(one["kind"], []).append(one)
    return Deployed(objects, objects.get("Pod", []), stale_subscribers(namespace))


def _triggers(platform: Platform, there: Deployed, letters: Counter[str] | None) -> Report:
    """Those of the manifests, and what the cluster has besides."""
    ready = {name_of(one): holds(one, "Ready") for one in there.of("Trigger")}
    names = dict.fromkeys([*(one.name for one in platform.triggers), *ready])
    return {
        name: {
            "ready": ready.get(name, False),
            "deadLetters": None if letters is None else letters[name],
        }
        for name in names
    }


def _ask(
    functions: Sequence[str], namespace: str
) -> tuple[Mapping[str, Told], Counter[str] | None]:
    """What the functions tell, and how many dead letters each Trigger has; None if unknown."""
    urls = {name: f"http://{name}.{namespace}{NAMES}/status" for name in functions}
    questions: dict[str, Callable[[], Any]] = {
        "told": partial(ask_all, urls, PATIENCE),
        "letters": _letters,
    }
    answers = at_once(questions, PATIENCE + 2.0)
    return answers.get("told", {}), answers.get("letters")


def _letters() -> Counter[str] | None:
    try:
        return Counter(letter["trigger"] for letter in cluster_office().letters(None))
    except (NotDone, ClusterRefused):
        return None


def _service_lines(report: Report) -> Iterator[Line]:
    yield "service", "ready", "pods"
    for name, one in report["services"].items():
        yield name, _yes(ready=one["ready"]), str(one["pods"])


def _trigger_lines(report: Report) -> Iterator[Line]:
    yield "trigger", "ready", "dead letters"
    for name, one in report["triggers"].items():
        letters = one["deadLetters"]
        yield name, _yes(ready=one["ready"]), "-" if letters is None else str(letters)


def _yes(*, ready: bool) -> str:
    return "yes" if ready else NO
