"""What a deployment mends that Knative leaves as it is."""

import time
from collections.abc import Sequence

import click

from broker.cluster.bindings import stuck, waking
from broker.cluster.channels import Stale, removing, stale_subscribers
from broker.cluster.conditions import Object
from broker.cluster.kubectl import ClusterRefused, kubectl
from broker.deploy.readiness import identity

PATIENCE = 5.0  # seconds that Knative has for what it does by itself


def apply(objects: Sequence[Object]) -> None:
    """Give the cluster these objects."""
    # By force: SinkBindings count as owners of the containers that they give an address to.
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=as_list(objects))


def as_list(objects: Sequence[Object]) -> Object:
    """The objects as one, for kubectl."""
    return {"apiVersion": "v1", "kind": "List", "items": objects}


class Mender:
    """Mends again and again, while a deployment waits; says a line for each thing."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._since: dict[object, float] = {}

    def mend(self, wanted: Sequence[Object], found: Sequence[Object]) -> None:
        """Make again what was still being deleted when it was applied; wake what is stuck."""
        there = set(map(identity, found))
        lost = [each for each in wanted if identity(each) not in there]
        # A Job that has run and been cleared away would run again.
        lost = [each for each in lost if each["kind"] != "Job" and self._lasts(identity(each))]
        if lost:
            names = ", ".join(f"{each['kind']} {each['metadata']['name']}" for each in lost)
            click.echo(f"made again, as it was still being deleted: {names}")
            apply(lost)
        for name in self._stuck(found):
            click.echo(f"woke the SinkBinding {name}: Knative did not see that its Broker is new")
            kubectl(*waking(name, self._namespace, int(time.time())))

    def _stuck(self, found: Sequence[Object]) -> list[str]:
        bindings = [each for each in found if each["kind"] == "SinkBinding"]
        brokers = [each for each in found if each["kind"] == "Broker"]
        names = stuck(bindings, brokers)
        for known in [key for key in self._since if isinstance(key, str) and key not in names]:
            del self._since[known]
        return [name for name in names if self._lasts(name)]

    def _lasts(self, what: object) -> bool:
        """Whether that has been so for a while; it then counts from now on."""
        now = time.monotonic()
        if now - self._since.setdefault(what, now) < PATIENCE:
            return False
        self._since[what] = now
        return True

    def remove_stale(self) -> bool:
        """Remove a subscriber of a deleted Trigger; whether there was any.

        ClusterRefused if this is not allowed, with another way.
        """
        found = stale_subscribers(self._namespace)
        for one in found[-1:]:
            try:
                kubectl(*removing(one, self._namespace))
            except ClusterRefused as error:
                if one in stale_subscribers(self._namespace):  # else Knative was there first
                    raise ClusterRefused(_another_way(one, error, self._namespace)) from None
            else:
                click.echo(
                    f"removed from the channel {one.channel}: a deleted Trigger {one.trigger}"
                )
        return bool(found)


def _another_way(one: Stale, error: ClusterRefused, namespace: str) -> str:
    broker = one.channel.removesuffix("-kne-trigger")
    return (
        f"the channel {one.channel} still delivers to a deleted Trigger {one.trigger}, and each"
        f" event becomes a dead letter: {error.message}\nanother way is"
        f" `kubectl delete broker {broker} -n {namespace}`, then the same command again; what the"
        " Broker holds is caught up with from the histories"
    )
