"""The verbs `deploy` and `undeploy`: changes with how a cluster gets and loses the manifests."""

import json
import time
from collections.abc import Iterator, Sequence

import click
import yaml

from broker.cluster.conditions import Object
from broker.cluster.kubectl import ClusterRefused, every, kubectl
from broker.deploy.mend import Mender, apply, as_list
from broker.deploy.progress import Progress
from broker.deploy.readiness import (
    Unready,
    group_kind,
    identity,
    not_starting,
    resources,
    tells,
    unready,
)
from broker.runner.settings import PROJECT

OVERLAYS = PROJECT / "knative" / "overlays"
VISIBILITY = "networking.knative.dev/visibility"
PAUSE = 1.0  # seconds between two looks

_STAYING = "persistentvolumeclaims,secrets"


@click.command()
@click.argument("overlay")
@click.option(
    "--timeout",
    type=click.IntRange(0),
    default=600,
    show_default=True,
    help="Seconds after which what is not ready is an error.",
)
def deploy(overlay: str, timeout: int) -> None:
    """Apply knative/overlays/OVERLAY where kubectl points to, and wait until all of it is ready."""
    objects = build(overlay)
    click.echo(f"{len(objects)} objects to {_context()}")
    _forget_jobs(objects)
    apply(objects)
    found = _wait([each for each in objects if tells(each)], timeout)
    for name, url in addresses(found):
        click.echo(f"{name}: {url}")


@click.command()
@click.argument("overlay")
def undeploy(overlay: str) -> None:
    """Remove what `deploy OVERLAY` applied. The namespace stays, with the data in it."""
    objects = build(overlay)
    # With the namespace everything in it would go, the claim of the volume with the data first.
    going = [each for each in objects if each["kind"] != "Namespace"]
    click.echo(f"{len(going)} objects from {_context()}")
    kubectl("delete", "--ignore-not-found", "-f", "-", given=as_list(going))
    if going != objects:
        _tell_what_stays(_namespace(objects))


def _tell_what_stays(namespace: str) -> None:
    names = kubectl("get", _STAYING, "-n", namespace, "-o", "name").split()
    click.echo(f"what stays in the namespace {namespace}: {', '.join(names) or 'nothing'}")
    click.echo(f"to remove that too, all data included: kubectl delete namespace {namespace}")


def build(overlay: str) -> list[Object]:
    """The objects of an overlay, as kustomize makes them. Raises ClickException."""
    there = sorted(each.name for each in OVERLAYS.iterdir())
    if overlay not in there:
        raise click.BadParameter(f"there is no overlay {overlay}: name one of {', '.join(there)}")
    text = kubectl("kustomize", str(OVERLAYS / overlay))
    return [each for each in yaml.safe_load_all(text) if each]


def addresses(found: Sequence[Object]) -> Iterator[tuple[str, str]]:
    """Name and URL of what the public reaches."""
    for each in found:
        public = each["metadata"].get("labels", {}).get(VISIBILITY) != "cluster-local"
        if public and group_kind(each)[0] == "serving.knative.dev":
            yield each["metadata"]["name"], each["status"]["url"]


def _context() -> str:
    return kubectl("config", "current-context").strip()


def _namespace(objects: Sequence[Object]) -> str:
    """The one that all share."""
    [namespace] = {each["metadata"]["namespace"] for each in objects if tells(each)}
    return str(namespace)


def _forget_jobs(objects: Sequence[Object]) -> None:
    """A Job runs once, and cannot be changed: what it does is to be done at each deployment."""
    jobs = [each["metadata"]["name"] for each in objects if group_kind(each) == ("batch", "Job")]
    if jobs:
        kubectl("delete", "job", *jobs, "--ignore-not-found", "-n", _namespace(objects))


def _wait(wanted: Sequence[Object], timeout: float) -> list[Object]:
    """Return once all that was applied is ready. Raises ClusterRefused when that takes too long."""
    begin, mender = time.monotonic(), Mender(_namespace(wanted))
    progress = Progress(_namespace(wanted), len(wanted))
    brokers = any(each["kind"] == "Broker" for each in wanted)
    while True:
        found = _look(wanted)
        waiting = unready(wanted, found)
        if not waiting and not (brokers and mender.remove_stale()):
            click.echo(f"all ready after {time.monotonic() - begin:.0f} s")
            return found
        if time.monotonic() - begin >= timeout or any(each.failed for each in waiting):
            pods = not_starting(every("pods", _namespace(wanted)))
            raise ClusterRefused(_report([*waiting, *pods], time.monotonic() - begin))
        if waiting:
            progress.tell(waiting)
        mender.mend(wanted, found)
        time.sleep(PAUSE)


def _look(wanted: Sequence[Object]) -> list[Object]:
    """What the cluster has of that."""
    asked = set(map(identity, wanted))
    text = kubectl("get", resources(wanted), "-n", _namespace(wanted), "-o", "json")
    return [each for each in json.loads(text)["items"] if identity(each) in asked]


def _report(waiting: Sequence[Unready], after: float) -> str:
    lines = "\n".join(f"  {each}" for each in waiting)
    return (
        f"not ready after {after:.0f} s:\n{lines}\n"
        "kubectl describe and kubectl logs tell more; the same command goes on from here"
    )
