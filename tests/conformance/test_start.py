"""A start that cannot succeed ends with one line that names the thing and the remedy.

Local only.
"""

import subprocess
from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest

from tests.conformance.conftest import StartBroker
from tests.conformance.local import environment, wait_until
from tests.conformance.probe import Answer
from tests.conformance.under_test import ProbeTrigger, an_event, publish, request

TRIGGERS = [ProbeTrigger("any")]


def failed_start(command: Sequence[str]) -> str:
    """Run it; the one line that it leaves on standard error."""
    done = subprocess.run(
        command, capture_output=True, timeout=30, env=environment(), text=True, check=False
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    return line


def test_a_second_broker_on_the_same_file_is_refused(start_broker: StartBroker) -> None:
    broker = start_broker(TRIGGERS)
    line = failed_start(broker.command())
    assert str(broker.folder / "broker.db") in line
    assert "another broker runs on" in line


def test_a_taken_port_is_named(start_broker: StartBroker) -> None:
    broker = start_broker(TRIGGERS)
    port = urlsplit(broker.url).port
    assert port is not None
    other = [part.replace("broker.db", "other.db") for part in broker.command(port)]
    line = failed_start(other)
    assert f"port {port} of 127.0.0.1" in line
    assert "--port" in line


def test_a_service_without_an_address_is_named(start_broker: StartBroker) -> None:
    broker = start_broker(TRIGGERS)
    line = failed_start(broker.command()[:-2])
    assert "Trigger any: the address of Service probe is missing: give --service probe=" in line


def test_a_broken_manifest_is_named(start_broker: StartBroker) -> None:
    broker = start_broker(TRIGGERS)
    (broker.folder / "base" / "all.yaml").write_text("kind: Nonsense", "utf-8")
    assert "all.yaml" in failed_start(broker.command())


def test_what_waits_for_a_trigger_that_is_gone_is_kept_with_the_dead(
    start_broker: StartBroker,
) -> None:
    slow = {"retry": 9, "backoffPolicy": "linear", "backoffDelay": "PT60S"}
    broker = start_broker([ProbeTrigger("gone", delivery=slow), ProbeTrigger("stays")])
    broker.answer("gone", Answer(503))
    publish(broker, an_event("gone"))
    broker.deliveries("gone", 2)
    broker.kill()
    broker.install([ProbeTrigger("stays")])
    broker.start()
    [dead] = broker.dead("gone")
    assert dead["reason"] == "its Trigger is no longer in the manifests"
    assert broker.status("gone")["dead"] == 1
    broker.kill()
    broker.answer("gone", Answer(202))
    broker.install([ProbeTrigger("gone", delivery=slow, sink="ref"), ProbeTrigger("stays")])
    broker.start()
    broker.deliveries("gone", 3)
    broker.settle()
    assert broker.dead_letters("gone") == []
    wait_until(lambda: broker.status("gone")["delivered"] == 1)


@pytest.mark.parametrize("path", ["/healthz", "/status", "/dead"])
def test_the_brokers_own_routes_answer_200(start_broker: StartBroker, path: str) -> None:
    assert request("GET", start_broker(TRIGGERS).url + path, {})[0] == 200
