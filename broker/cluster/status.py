"""The verb `status` against a cluster; changes when an operator must see more of one."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator

import click

from broker.cluster.forward import NAMES
from broker.cluster.kubectl import every
from broker.deploy.readiness import holds
from broker.manifests import Platform, load_platform
from broker.office import cluster_office
from broker.runner.settings import Settings
from broker.verbs.ask import NotDone
from broker.verbs.report import NO, SILENT, Line, Report, outbox_lines, print_tables
from broker.verbs.status import outbox

SERVICES = "services.serving.knative.dev"
SERVICE = "serving.knative.dev/service"  # the label of its pods
PATIENCE = 60.0  # seconds; whoever is asked may be asleep


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Times in seconds.")
@click.pass_context
def status(context: click.Context, *, as_json: bool) -> None:
    """Show each Service, each Trigger with its dead letters, and each outbox. Exits with 1 unless
    all Services and Triggers are Ready.

    Asking for outboxes and dead letters wakes the functions that have them.
    """
    report = _report(load_platform(Settings().manifests))
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        print_tables(_services(report), _triggers(report), outbox_lines(report))
    parts = [*report["services"].values(), *report["triggers"].values()]
    context.exit(0 if all(one["ready"] for one in parts) else 1)


def pods(namespace: str) -> Counter[str]:
    """How many pods each Knative Service has, those that are ending included."""
    labels = (pod["metadata"].get("labels", {}) for pod in every("pods", namespace))
    return Counter(each[SERVICE] for each in labels if SERVICE in each)


def _report(platform: Platform) -> Report:
    """First what sleeps, for asking the functions wakes them."""
    namespace = platform.namespace
    running, services = pods(namespace), every(SERVICES, namespace)
    triggers, dead = every("triggers", namespace), _dead_letters()
    publishers = [service.name for service in platform.services if service.publishes]
    outboxes = {name: outbox(f"http://{name}.{namespace}{NAMES}", PATIENCE) for name in publishers}
    return {
        "services": {
            (name := one["metadata"]["name"]): {"ready": holds(one, "Ready"), "pods": running[name]}
            for one in services
        },
        "triggers": {
            (name := one["metadata"]["name"]): {
                "ready": holds(one, "Ready"),
                "dead": None if dead is None else dead[name],
            }
            for one in triggers
        },
        "outboxes": {name: told for name, told in outboxes.items() if told != {}},
    }


def _dead_letters() -> Counter[str] | None:
    """How many each Trigger has; None when their function does not answer."""
    try:
        return Counter(letter["trigger"] for letter in cluster_office().letters(None))
    except NotDone:
        return None


def _services(report: Report) -> Iterator[Line]:
    yield "service", "ready", "pods"
    for name, one in report["services"].items():
        yield name, _yes(one["ready"]), str(one["pods"])


def _triggers(report: Report) -> Iterable[Line]:
    yield "trigger", "ready", "dead letters"
    for name, one in report["triggers"].items():
        yield name, _yes(one["ready"]), SILENT if one["dead"] is None else str(one["dead"])


def _yes(ready: bool) -> str:
    return "yes" if ready else NO
