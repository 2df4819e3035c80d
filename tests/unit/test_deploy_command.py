"""What `blog deploy` and `undeploy` tell kubectl and people, a program in kubectl's place."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from broker.cli import main
from broker.deploy import command, mend, progress
from broker.deploy.readiness import Unready
from tests.knative_objects import binding, broker, channel, subscriber, trigger, unready

OBJECTS: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "blog"}},
    *(
        {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "blog"}}
        for version, kind, name in (
            ("serving.knative.dev/v1", "Service", "web"),
            ("eventing.knative.dev/v1", "Trigger", "query-post-created"),
            ("batch/v1", "Job", "databases"),
        )
    ),
]
READY = {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}]}
DONE = {"conditions": [{"type": "Complete", "status": "True"}]}
FAILED = {"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}
URL = {"url": "http://web.blog.example.com"}

# Answers what the test has laid out, and writes down what it was asked. Once it was told to VERB, a
# file NAME.after-VERB takes the place of NAME; where there is a file refused-VERB, VERB fails.
KUBECTL = """#!/bin/sh
echo "$@" >> "$FAKE/calls"
if [ -f "$FAKE/refused-$1" ]; then cat "$FAKE/refused-$1" >&2; exit 1; fi
case $1 in
  apply | delete) case "$*" in *" -f -") cat > "$FAKE/$1" ;; esac ;;
  get) case $2 in
    persistent*) cat "$FAKE/names" ;;
    pods) cat "$FAKE/pods" ;;
    inmemorychannels*) cat "$FAKE/channels" ;;
    subscriptions*) echo '{"items": []}' ;;
    *) cat "$FAKE/found" ;;
  esac ;;
  kustomize) cat "$FAKE/built" ;;
  config) [ -f "$FAKE/context" ] || { echo 'error: current-context is not set' >&2; exit 1; }
          cat "$FAKE/context" ;;
esac
for after in "$FAKE"/*.after-"$1"; do
  if [ -f "$after" ]; then mv "$after" "${after%.after-*}"; fi
done
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The files that the program in kubectl's place reads and writes."""

    folder: Path

    def has(self, *statuses: dict[str, Any]) -> None:
        """A Service, a Trigger and a Job with these statuses; as many as are given."""
        there = zip(OBJECTS[1:], statuses, strict=False)
        items = [
            {**each, "status": status, "metadata": {**each["metadata"], "generation": 1}}
            for each, status in there
        ]
        (self.folder / "found").write_text(json.dumps({"items": items}))

    def shows(self, name: str, *items: dict[str, Any]) -> None:
        """kubectl shows these objects where the program reads the file NAME."""
        (self.folder / name).write_text(json.dumps({"items": items}))

    def builds(self, *objects: dict[str, Any]) -> None:
        """The overlay consists of these objects."""
        (self.folder / "built").write_text(yaml.safe_dump_all(objects))

    def blog(self, *arguments: str) -> Result:
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        runner = CliRunner(env={"PATH": path, "FAKE": str(self.folder)})
        return runner.invoke(main, arguments, catch_exceptions=False)

    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def given(self, verb: str) -> list[str]:
        """The kinds that were handed over."""
        return [each["kind"] for each in json.loads((self.folder / verb).read_text())["items"]]


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    program = tmp_path / "kubectl"
    program.write_text(KUBECTL)
    program.chmod(0o755)
    (tmp_path / "built").write_text(yaml.safe_dump_all(OBJECTS))
    (tmp_path / "context").write_text("kind-knative\n")
    (tmp_path / "names").write_text("persistentvolumeclaim/data-postgres-0\n")
    state = {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}
    pod = {"metadata": {"name": "web-1"}, "status": {"containerStatuses": [{"state": state}]}}
    (tmp_path / "pods").write_text(json.dumps({"items": [pod]}))
    (tmp_path / "channels").write_text('{"items": []}')
    cluster = Cluster(tmp_path)
    cluster.has(READY | URL, READY, DONE)
    return cluster


def test_all_is_applied_and_the_address_told_once_it_is_ready(cluster: Cluster) -> None:
    answer = cluster.blog("deploy", "local")
    assert answer.exit_code == 0
    first, ready, address = answer.output.splitlines()
    assert first == "4 objects to kind-knative"
    assert ready.startswith("all ready after ")
    assert address == "web: http://web.blog.example.com"
    assert cluster.given("apply") == [each["kind"] for each in OBJECTS]


def test_a_job_of_an_earlier_deployment_is_forgotten_first(cluster: Cluster) -> None:
    cluster.blog("deploy", "local")
    verbs = [call.split()[0] for call in cluster.calls()]
    assert verbs == ["kustomize", "config", "delete", "apply", "get"]
    assert cluster.calls()[2] == "delete job databases --ignore-not-found -n blog"


def test_what_is_not_ready_in_time_is_named_with_its_reason(cluster: Cluster) -> None:
    waiting = {"type": "Ready", "status": "Unknown", "reason": "SubscriberResolved", "message": "?"}
    cluster.has(READY | URL, READY | {"conditions": [waiting]})
    answer = cluster.blog("deploy", "local", "--timeout", "0")
    assert answer.exit_code == 1
    assert "not ready after 0 s:\n  Trigger query-post-created: SubscriberResolved: ?\n" in (
        answer.output
    )
    assert "  Job databases: is not there\n  Pod web-1: ErrImagePull: no such image\n" in (
        answer.output
    )
    assert "Service web" not in answer.output


def test_pods_that_cannot_start_are_named_once_while_their_service_is_waited_for(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", f"{cluster.folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE", str(cluster.folder))
    monkeypatch.setattr(progress, "LOOK_AT_PODS", 0.0)
    telling = progress.Progress("blog", of=3)
    for _ in range(2):
        telling.tell([Unready("Service", "web", "RevisionMissing")])
    assert capsys.readouterr().out.splitlines() == [
        "2 of 3 ready, waiting for Service web: RevisionMissing",
        "Pod web-1: ErrImagePull: no such image",
    ]


def test_a_job_that_failed_is_not_waited_for(cluster: Cluster) -> None:
    cluster.has(READY | URL, READY, FAILED)
    answer = cluster.blog("deploy", "local")
    assert answer.exit_code == 1
    assert "not ready after 0 s:\n  Job databases: BackoffLimitExceeded\n" in answer.output


def test_what_is_removed_leaves_the_namespace_and_its_data(cluster: Cluster) -> None:
    answer = cluster.blog("undeploy", "local")
    assert answer.exit_code == 0
    assert cluster.given("delete") == ["Service", "Trigger", "Job"]
    assert "what stays in the namespace blog: persistentvolumeclaim/data-postgres-0\n" in (
        answer.output
    )
    assert answer.output.endswith("kubectl delete namespace blog\n")


def test_of_the_namespace_nothing_is_said_where_it_belongs_to_another_overlay(
    cluster: Cluster,
) -> None:
    (cluster.folder / "built").write_text(yaml.safe_dump_all(OBJECTS[1:]))
    answer = cluster.blog("undeploy", "local")
    assert answer.output == "3 objects from kind-knative\n"


@pytest.mark.parametrize("verb", ["deploy", "undeploy"])
def test_an_overlay_that_is_not_there_is_refused_with_those_that_are(
    cluster: Cluster, verb: str
) -> None:
    answer = cluster.blog(verb, "lokal")
    assert answer.exit_code == 2
    assert "there is no overlay lokal: name one of ingress, local, production" in answer.output


@pytest.mark.parametrize("verb", ["deploy", "undeploy"])
def test_where_kubectl_points_nowhere_nothing_is_done(cluster: Cluster, verb: str) -> None:
    (cluster.folder / "context").unlink()
    answer = cluster.blog(verb, "local")
    assert answer.exit_code == 1
    assert "current-context is not set" in answer.output
    assert [call.split()[0] for call in cluster.calls()] == ["kustomize", "config"]


def in_blog(one: dict[str, Any], version: str) -> dict[str, Any]:
    metadata = {"namespace": "blog", "generation": 1}
    return {**one, "apiVersion": version, "metadata": {**one["metadata"], **metadata}}


BROKER = in_blog(broker(), "eventing.knative.dev/v1")
BOUND = in_blog(binding("posts"), "sources.knative.dev/v1")
STUCK = in_blog(unready(binding("posts"), "NoAddressable"), "sources.knative.dev/v1")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Knative is given no time to do things by itself, and looked at without a pause."""
    monkeypatch.setattr(mend, "PATIENCE", 0.0)
    monkeypatch.setattr(command, "PAUSE", 0.01)


@pytest.mark.usefixtures("at_once")
def test_a_sinkbinding_that_knative_forgot_is_woken_and_waited_for(cluster: Cluster) -> None:
    cluster.builds(BROKER, BOUND)
    cluster.shows("found", BROKER, STUCK)
    cluster.shows("found.after-annotate", BROKER, BOUND)
    answer = cluster.blog("deploy", "local", "--timeout", "5")
    assert answer.exit_code == 0
    assert answer.output.splitlines()[1:-1] == [
        "1 of 2 ready, waiting for SinkBinding posts: NoAddressable",
        "woke the SinkBinding posts: Knative did not see that its Broker is new",
    ]
    [woken] = [call for call in cluster.calls() if call.startswith("annotate")]
    assert re.fullmatch(
        r"annotate sinkbindings\.sources\.knative\.dev posts woken=\d+ -n blog --overwrite", woken
    )


def test_a_sinkbinding_has_time_to_be_ready_before_it_is_woken(cluster: Cluster) -> None:
    cluster.builds(BROKER, BOUND)
    cluster.shows("found", BROKER, STUCK)
    assert cluster.blog("deploy", "local", "--timeout", "1").exit_code == 1
    assert not any(call.startswith("annotate") for call in cluster.calls())


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("gone", [BROKER, BOUND])
def test_what_was_still_being_deleted_is_applied_again_once_it_is_gone(
    cluster: Cluster, gone: dict[str, Any]
) -> None:
    going = {**gone, "metadata": {**gone["metadata"], "deletionTimestamp": "2026-11-28T12:00:00Z"}}
    [stays] = [one for one in (BROKER, BOUND) if one is not gone]
    cluster.builds(BROKER, BOUND)
    cluster.shows("found", going, stays)
    cluster.shows("found.after-get", stays)
    answer = cluster.blog("deploy", "local", "--timeout", "1")
    name = f"{gone['kind']} {gone['metadata']['name']}"
    assert f"waiting for {name}: is being deleted" in answer.output
    assert f"made again, as it was still being deleted: {name}" in answer.output
    assert cluster.given("apply") == [gone["kind"]]


def kept(name: str = "query-post-created") -> dict[str, Any]:
    """What a channel has of a Trigger that was deleted."""
    return subscriber(trigger(name))[1]


@pytest.mark.usefixtures("at_once")
def test_what_a_channel_kept_of_a_deleted_trigger_is_removed(cluster: Cluster) -> None:
    cluster.builds(BROKER)
    cluster.shows("found", BROKER)
    cluster.shows("channels", channel(kept()))
    cluster.shows("channels.after-patch", channel())
    answer = cluster.blog("deploy", "local", "--timeout", "5")
    assert answer.exit_code == 0
    assert answer.output.splitlines()[1] == (
        "removed from the channel default-kne-trigger: a deleted Trigger query-post-created"
    )
    [patch] = [call for call in cluster.calls() if call.startswith("patch")]
    assert patch.endswith("--as system:serviceaccount:knative-eventing:eventing-controller")


@pytest.mark.usefixtures("at_once")
def test_where_it_may_not_be_removed_another_way_is_told(cluster: Cluster) -> None:
    cluster.builds(BROKER)
    cluster.shows("found", BROKER)
    cluster.shows("channels", channel(kept()))
    (cluster.folder / "refused-patch").write_text("you may not impersonate")
    answer = cluster.blog("deploy", "local", "--timeout", "5")
    assert answer.exit_code == 1
    assert "still delivers to a deleted Trigger query-post-created" in answer.output
    assert "you may not impersonate" in answer.output
    assert "`kubectl delete broker default -n blog`, then the same command again" in answer.output
