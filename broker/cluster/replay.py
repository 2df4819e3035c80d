"""The verb `replay` against a cluster: a Job made of the daily CronJob; changes with that."""

import subprocess
import time
from collections.abc import Callable, Sequence
from itertools import takewhile
from secrets import token_hex

import click

from broker.cluster.kubectl import ClusterRefused, Object, every, get, kubectl
from broker.manifests import load_platform
from broker.runner.settings import Settings

CRON_JOB = "-replay"  # behind the function's name
WITHIN = 180.0  # seconds: an image may have to be fetched
KEPT = 3_600  # seconds that the Job and what it printed can be looked at afterwards


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("function")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def replay(context: click.Context, function: str, options: tuple[str, ...]) -> None:
    """Make the copy that FUNCTION keeps anew from the producers' feeds, in a Job.

    The OPTIONS are those on a laptop, --check and --repair among them. Ctrl-C ends the watching,
    not the Job.
    """
    namespace = load_platform(Settings().manifests).namespace
    names = [each["metadata"]["name"] for each in every("cronjobs", namespace)]
    known = [name.removesuffix(CRON_JOB) for name in names if name.endswith(CRON_JOB)]
    if function not in known:
        raise click.UsageError(f"{function} keeps no copy; {' and '.join(known)} do")
    daily = get("cronjob", function + CRON_JOB, namespace)
    name = f"{function}{CRON_JOB}-{token_hex(3)}"
    kubectl("create", "-n", namespace, "-f", "-", given=_job(name, daily, options))
    click.echo(f"Job {name} in namespace {namespace}", err=True)
    context.exit(_watched(name, namespace))


def _job(name: str, daily: Object, options: Sequence[str]) -> Object:
    """The daily Job once, with these options. A failure is told, not tried again."""
    job = daily["spec"]["jobTemplate"]
    job["spec"] |= {"backoffLimit": 0, "ttlSecondsAfterFinished": KEPT}
    [container] = job["spec"]["template"]["spec"]["containers"]
    program = takewhile(lambda part: not part.startswith("--"), container["command"])
    container["command"] = [*program, *options]
    return {**job, "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}}


def _watched(name: str, namespace: str) -> int:
    """Show what the Job prints; its exit status."""
    _once(lambda: "waiting" not in _state(name, namespace), f"Job {name} has not started")
    subprocess.run(["kubectl", "logs", "-f", f"job/{name}", "-n", namespace], check=False)  # noqa: S603, S607
    _once(lambda: "terminated" in _state(name, namespace), f"Job {name} has not ended")
    status: int = _state(name, namespace)["terminated"]["exitCode"]
    return status


def _state(name: str, namespace: str) -> Object:
    """How its container is: `waiting`, `running` or `terminated`."""
    waiting: Object = {"waiting": {}}
    for pod in every("pods", namespace):
        if pod["metadata"].get("labels", {}).get("batch.kubernetes.io/job-name") == name:
            statuses = pod["status"].get("containerStatuses", [])
            return statuses[0]["state"] if statuses else waiting
    return waiting


def _once(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        if time.monotonic() > deadline:
            raise ClusterRefused(f"{otherwise} within {WITHIN:.0f} s: see `kubectl describe`")
        time.sleep(0.5)
