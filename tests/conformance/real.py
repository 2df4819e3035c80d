"""A cluster's own broker as the suite's subject; changes with how the suite is set up in one.

Everything is in a namespace of a module's own, which is removed at the end: a Broker of the blog's
kind, the probe in a pod of the blog's own image, and the Triggers. A Broker that has had others
would not do: of several Triggers that are removed at once, an in-memory channel forgets some only.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template
from threading import Event
from urllib.parse import urlsplit

import yaml

from broker.cluster.forward import forwarded, reached
from broker.cluster.kubectl import Object, get, kubectl
from tests.conformance import remote
from tests.conformance.manifests import (
    ProbeAddress,
    sink_path,
    subscriber_path,
    trigger_manifest,
)
from tests.conformance.probe import Answer, Received
from tests.conformance.under_test import ProbeTrigger

HERE = Path(__file__).parent
READY = "--for=condition=Ready"
PATIENCE = 120.0  # seconds for a delivery; a broker may have to start something first
QUIET = 3.0  # seconds; no pause between two attempts in the suite is as long
CONTROL = 8081  # the port in probe.yaml
CLASS = "eventing.knative.dev/broker.class"


class RealBroker:
    """The Broker `default` in a namespace of its own; `say` tells of what takes long."""

    def __init__(self, triggers: Sequence[ProbeTrigger], say: Callable[[str], None]) -> None:
        self._say = say
        self.namespace = f"conformance-{secrets.token_hex(3)}"
        self._address = ProbeAddress(_REF, f"http://probe.{self.namespace}.svc.cluster.local")
        kubectl("create", "namespace", self.namespace)
        try:
            self._set_up(triggers)
        except BaseException:
            self.close()
            raise

    def _set_up(self, triggers: Sequence[ProbeTrigger]) -> None:
        key = secrets.token_hex(16)
        self._apply([_broker(get("broker", "default", "blog")), *_probe(key)])
        self._wait("broker/default")
        self._apply([trigger_manifest(each, self._address) for each in triggers])
        self._wait("pod/probe", "triggers --all")
        self.own_url: str = get("broker", "default", self.namespace)["status"]["address"]["url"]
        parts = urlsplit(self.own_url)
        self.publish_url = f"http://{reached(str(parts.hostname))}{parts.path}"
        host, port = forwarded("pod/probe", self.namespace, CONTROL).split(":")
        self.probe = remote.connect((host, int(port)), key)

    def close(self) -> None:
        """Let the cluster remove the namespace with all that is in it."""
        kubectl("delete", "namespace", self.namespace, "--wait=false")

    def subscriber_url(self, trigger: str) -> str:
        """The probe's address for this Trigger, as the broker calls it."""
        return self._address.subscriber(trigger)

    def answer(self, trigger: str, *answers: Answer) -> None:
        """How the probe answers as the subscriber of this Trigger."""
        self.probe.script(subscriber_path(trigger), *answers)

    def answer_as_sink(self, trigger: str, *answers: Answer) -> None:
        """How the probe answers as the dead letter sink of this Trigger."""
        self.probe.script(sink_path(trigger), *answers)

    def deliveries(self, trigger: str, count: int = 0) -> list[Received]:
        """What the subscriber got."""
        return self.probe.wait_for(subscriber_path(trigger), count, PATIENCE)

    def dead_letters(self, trigger: str, count: int = 0) -> list[Received]:
        """What the dead letter sink got."""
        return self.probe.wait_for(sink_path(trigger), count, PATIENCE)

    def settle(self) -> None:
        """Return once the probe has got nothing for a while: no broker tells what it still has."""
        count, since = self.probe.count(), time.monotonic()
        while time.monotonic() - since < QUIET:
            Event().wait(0.1)
            if count != (now := self.probe.count()):
                count, since = now, time.monotonic()

    def _apply(self, objects: Sequence[object]) -> None:
        given = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        kubectl("apply", "-n", self.namespace, "-f", "-", given=given)

    def _wait(self, *targets: str) -> None:
        for target in targets:
            self._say(f"waiting until {target} in {self.namespace} is Ready")
            kubectl("wait", READY, *target.split(), "-n", self.namespace, "--timeout=180s")


def _image() -> str:
    """That of a function: it has Python and `eventing`."""
    spec: Object = get("services.serving.knative.dev", "posts", "blog")["spec"]
    image: str = spec["template"]["spec"]["containers"][0]["image"]
    return image


def _broker(of_the_blog: Object) -> Object:
    """A Broker of the same class and configuration."""
    class_ = of_the_blog["metadata"]["annotations"][CLASS]
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Broker",
        "metadata": {"name": "default", "annotations": {CLASS: class_}},
        "spec": {"config": of_the_blog["spec"]["config"]},
    }


def _probe(key: str) -> list[Object]:
    """The program's files, the pod that runs it, and its Service."""
    files = {name: (HERE / name).read_text("utf-8") for name in ("probe.py", "remote.py")}
    program = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "program"}}
    text = Template((HERE / "probe.yaml").read_text("utf-8")).substitute(IMAGE=_image(), KEY=key)
    return [{**program, "data": files}, *yaml.safe_load_all(text)]


_REF = {"apiVersion": "v1", "kind": "Service", "name": "probe"}
