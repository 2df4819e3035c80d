"""What `blog deploy` and `undeploy` tell kubectl and people, a program in kubectl's place."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from broker.cli import main

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

# Answers what the test has laid out, and writes down what it was asked.
KUBECTL = """#!/bin/sh
echo "$@" >> "$FAKE/calls"
case $1 in
  apply | delete) case "$*" in *" -f -") cat > "$FAKE/$1" ;; esac ;;
  get) case $2 in
    persistent*) cat "$FAKE/names" ;;
    pods) cat "$FAKE/pods" ;;
    *) cat "$FAKE/found" ;;
  esac ;;
  kustomize) cat "$FAKE/built" ;;
  config) [ -f "$FAKE/context" ] || { echo 'error: current-context is not set' >&2; exit 1; }
          cat "$FAKE/context" ;;
esac
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
