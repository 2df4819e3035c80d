"""The local broker as the suite's subject: the real process on manifests written for it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import yaml

from tests.conformance.manifests import (
    ProbeAddress,
    sink_path,
    subscriber_path,
    trigger_manifest,
)
from tests.conformance.probe import Answer, Probe, Received
from tests.conformance.under_test import ProbeTrigger, request

DEADLINE = 20.0


class LocalBroker:
    """A broker process that can also be killed and started again."""

    def __init__(
        self,
        folder: Path,
        triggers: Sequence[ProbeTrigger],
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self._environment = {**environment(), **(extra or {})}
        self.probe = Probe()
        self.install(triggers)
        self._log = folder / "broker.log"
        self._url = ""
        self.process = self.start()

    def install(self, triggers: Sequence[ProbeTrigger]) -> None:
        """Write the manifests with these Triggers, for the next start."""
        write_manifests(self.folder / "base", ProbeAddress(_REF, self.probe.url), triggers)

    @property
    def url(self) -> str:
        """Where the broker listens, without a path."""
        return self._url

    @property
    def publish_url(self) -> str:
        """Where events are sent."""
        return f"{self.url}/blog/default"

    @property
    def own_url(self) -> str:
        """The address by which dead letters name the broker."""
        return self.publish_url

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the process and wait until it takes events in."""
        told = len(self.log_lines())
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self.command(), stderr=log, env=self._environment)
        self._url = self._wait_for_url(told)
        return self.process

    def command(self, port: int = 0) -> list[str]:
        """The command line of the process."""
        base, data = self.folder / "base", self.folder / "broker.db"
        broker = [sys.executable, "-m", "broker.serve", "--manifests", str(base)]
        where = ["--port", str(port), "--data", str(data)]
        return [*broker, *where, "--service", f"probe={self.probe.url}"]

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.kill()
        self.process.wait(DEADLINE)

    def terminate(self) -> None:
        """Ask the process to end; it may take its time."""
        self.process.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """End everything."""
        self.kill()
        self.probe.close()

    def log_lines(self) -> list[dict[str, Any]]:
        """What the process has logged so far."""
        if not self._log.exists():
            return []
        lines = self._log.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def status(self, trigger: str) -> dict[str, Any]:
        """What the broker tells about one Trigger."""
        _, _, body = request("GET", f"{self.url}/status", {})
        counts: dict[str, Any] = json.loads(body)["triggers"][trigger]
        return counts

    def troubles(self) -> list[dict[str, str]]:
        """What the broker says is wrong."""
        _, _, body = request("GET", f"{self.url}/status", {})
        found: list[dict[str, str]] = json.loads(body)["troubles"]
        return found

    def dead(self, trigger: str | None = None) -> list[dict[str, Any]]:
        """What the broker keeps because nobody took it."""
        query = "" if trigger is None else f"?trigger={trigger}"
        _, _, body = request("GET", f"{self.url}/dead{query}", {})
        entries: list[dict[str, Any]] = json.loads(body)
        return entries

    def subscriber_url(self, trigger: str) -> str:
        """The probe's address for this Trigger, as the broker calls it."""
        return f"{self.probe.url}{subscriber_path(trigger)}"

    def answer(self, trigger: str, *answers: Answer) -> None:
        """How the probe answers as the subscriber of this Trigger."""
        self.probe.script(subscriber_path(trigger), *answers)

    def answer_as_sink(self, trigger: str, *answers: Answer) -> None:
        """How the probe answers as the dead letter sink of this Trigger."""
        self.probe.script(sink_path(trigger), *answers)

    def deliveries(self, trigger: str, count: int = 0) -> list[Received]:
        """What the subscriber got."""
        return self.probe.wait_for(subscriber_path(trigger), count)

    def dead_letters(self, trigger: str, count: int = 0) -> list[Received]:
        """What the dead letter sink got."""
        return self.probe.wait_for(sink_path(trigger), count)

    def settle(self) -> None:
        """Return when no delivery is under way or to be retried."""
        wait_until(self._is_settled)

    def _is_settled(self) -> bool:
        _, _, body = request("GET", f"{self.url}/status", {})
        counts = json.loads(body)["triggers"].values()
        return all(each["waiting"] + each["retrying"] == 0 for each in counts)

    def _wait_for_url(self, told: int) -> str:
        """The URL in the line that says so, after the lines that were told before."""

        def urls() -> list[str]:
            lines = self.log_lines()[told:]
            return [line["url"] for line in lines if line["event"] == "ready"]

        wait_until(lambda: bool(urls()) or self.process.poll() is not None)
        if not urls():
            raise AssertionError(self._log.read_text("utf-8"))
        return urls()[-1]


def wait_until(condition: Callable[[], bool], within: float = DEADLINE) -> None:
    """Ask again and again until the condition holds; TimeoutError after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within} s")
        Event().wait(0.01)


def environment() -> dict[str, str]:
    """The tests' own, with a log level at which every delivery is told."""
    return {**os.environ, "LOG_LEVEL": "info"}


def write_manifests(folder: Path, probe: ProbeAddress, triggers: Sequence[ProbeTrigger]) -> None:
    """A base with one Broker, the probe as a Service, and these Triggers."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = [_BROKER, _PROBE, *(trigger_manifest(each, probe) for each in triggers)]
    (folder / "all.yaml").write_text(yaml.safe_dump_all(documents), "utf-8")
    kustomization = {"namespace": "blog", "resources": ["all.yaml"]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), "utf-8")


_REF = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "probe"}
_BROKER = {
    "apiVersion": "eventing.knative.dev/v1",
    "kind": "Broker",
    "metadata": {"name": "default"},
    "spec": {},
}
_PROBE = {
    "apiVersion": "serving.knative.dev/v1",
    "kind": "Service",
    "metadata": {"name": "probe"},
    "spec": {"template": {"spec": {"containers": [{"name": "probe", "image": "probe"}]}}},
}
