"""What a deployment says while it waits."""

import time
from collections.abc import Sequence

import click

from broker.cluster.kubectl import every
from broker.deploy.readiness import Unready, not_starting

NAMED = 3  # of those that are waited for, in a line
LOOK_AT_PODS = 20.0  # seconds; most pods have started before


class Progress:
    """Says what is waited for whenever that changes; after a while also which pods cannot start,
    as a Service whose pods crash is only said not to be ready."""

    def __init__(self, namespace: str, of: int) -> None:
        self._namespace = namespace
        self._of = of
        self._told = ""
        self._pods: set[str] = set()
        self._look_at = time.monotonic() + LOOK_AT_PODS

    def tell(self, waiting: Sequence[Unready]) -> None:
        """Say what is new."""
        line = self._line(waiting)
        if line != self._told:
            click.echo(line)
            self._told = line
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_AT_PODS
            self._tell_pods()

    def _line(self, waiting: Sequence[Unready]) -> str:
        some = "; ".join(str(each) for each in waiting[:NAMED])
        more = f"; and {len(waiting) - NAMED} more" if len(waiting) > NAMED else ""
        return f"{self._of - len(waiting)} of {self._of} ready, waiting for {some}{more}"

    def _tell_pods(self) -> None:
        for pod in not_starting(every("pods", self._namespace)):
            if pod.name not in self._pods:
                click.echo(str(pod))
                self._pods.add(pod.name)
