"""`blog --cluster`: the operator's verbs on functions that a cluster's gateway leads to."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from broker.manifests import load_platform
from broker.runner.settings import Settings
from tests.e2e.pretended import Cluster
from tests.e2e.running import (
    BLOG,
    BROKER,
    COMMENTS,
    DEAD_LETTERS,
    MODERATION,
    POSTS,
    QUERY,
    RunningBlog,
    eventually,
)
from tests.e2e.test_verbs import CHAIN, commented

PLATFORM = load_platform(Settings().manifests)
FUNCTIONS = {"posts": POSTS, "comments": COMMENTS, "moderation": MODERATION, "query": QUERY}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
DAILY = ["python", "-m", "functions.query.replay", "--repair"]


def named(*names: str) -> dict[str, Any]:
    return {"items": [{"metadata": {"name": name}, "status": READY} for name in names]}


def objects() -> dict[str, Any]:
    """What the cluster is said to have: `web` is not Ready, `query` runs."""
    services = named(*FUNCTIONS, "dead-letters", "web")
    services["items"][-1]["status"] = {}
    pod = {"metadata": {"labels": {"serving.knative.dev/service": "query"}}}
    container = {"name": "replay", "image": "query", "command": DAILY}
    template = {"spec": {"containers": [container]}}
    daily = {
        "spec": {"jobTemplate": {"metadata": {}, "spec": {"backoffLimit": 3, "template": template}}}
    }
    url = "http://broker-ingress.knative-eventing.svc.cluster.local/blog/default"
    return {
        "services.serving.knative.dev": services,
        "triggers": named(*(trigger.name for trigger in PLATFORM.triggers)),
        "pods": {"items": [pod, {"metadata": {}}]},
        "broker default": {"status": {"address": {"url": url}}},
        "cronjobs": named("query-replay", "comments-replay", "something-else"),
        "cronjob query-replay": daily,
    }


@pytest.fixture(scope="module")
def cluster(blog: RunningBlog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The running blog as if it were deployed."""
    places = {**FUNCTIONS, "dead-letters": DEAD_LETTERS}
    ports = {name: blog.port + place for name, place in places.items()}
    folder = tmp_path_factory.mktemp("cluster")
    pretended = Cluster(folder, ports, blog.port + BROKER, objects())
    yield pretended
    pretended.gateway.close()


def test_status_tells_of_services_triggers_and_outboxes(cluster: Cluster) -> None:
    answer = cluster.blog("status", "--json")
    told = json.loads(answer.stdout)
    assert told["services"]["query"] == {"ready": True, "pods": 1}
    assert told["services"]["posts"] == {"ready": True, "pods": 0}
    assert told["services"]["web"] == {"ready": False, "pods": 0}
    assert set(told["triggers"]) == {trigger.name for trigger in PLATFORM.triggers}
    assert all(each["ready"] and each["dead"] >= 0 for each in told["triggers"].values())
    assert {"posts", "comments"} <= told["outboxes"].keys()
    assert answer.returncode == 1


def test_status_is_shown_in_columns(cluster: Cluster) -> None:
    lines = [line.split() for line in cluster.blog("status").stdout.splitlines()]
    assert lines[0] == ["service", "ready", "pods"]
    assert ["query", "yes", "1"] in lines
    assert ["web", "no", "0"] in lines
    assert ["trigger", "ready", "dead", "letters"] in lines


def test_a_dead_letter_is_sent_seen_and_given_up(cluster: Cluster) -> None:
    identity = f"forged-{uuid4().hex}"
    forged = ("--type", "PostUpdated", "--source", "/posts", "--id", identity, "--data", "{}")
    sent = cluster.blog("send", *forged)
    assert sent.stdout == f"202 Accepted: PostUpdated {identity} from /posts\n"
    found: list[dict[str, Any]] = []

    def dead() -> bool:
        listed = json.loads(cluster.blog("dead", "--json").stdout)
        assert listed["keptByBroker"] == []
        found[:] = [one for one in listed["deadLetters"] if one["event"]["id"] == identity]
        return bool(found)

    eventually(dead)
    status = json.loads(cluster.blog("status", "--json").stdout)
    assert status["triggers"]["query-post-updated"]["dead"] >= 1
    [letter] = found
    again = cluster.blog("dead", "redrive", letter["id"])
    assert (again.returncode, again.stdout) == (1, "0 delivered, 1 failed\n")
    assert cluster.blog("dead", "discard", letter["id"], "--reason", "forged").returncode == 0
    assert identity not in cluster.blog("dead").stdout


def test_events_are_read_from_the_histories_in_their_order(
    cluster: Cluster, blog: RunningBlog
) -> None:
    followed = f"tea-{uuid4().hex}"
    commented(blog, followed)
    answer = cluster.blog("events", "--correlationid", followed, "--count", "3")
    assert [line.split()[1] for line in answer.stdout.splitlines()] == CHAIN
    assert answer.stdout.splitlines()[1].endswith(f"{followed} -> comments-comment-moderated")
    asked = ("events", "--correlationid", followed, "--count", "1", "--json")
    assert "data" not in json.loads(cluster.blog(*asked).stdout)
    shown = json.loads(cluster.blog(*asked, "--data").stdout)
    assert shown["data"]["content"] == "Who follows me?"


def test_replay_is_the_daily_job_once_with_other_options(cluster: Cluster) -> None:
    answer = cluster.blog("replay", "query", "--check")
    job = cluster.created()
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["python", "-m", "functions.query.replay", "--check"]
    assert (job["kind"], job["spec"]["backoffLimit"]) == ("Job", 0)
    assert job["metadata"]["name"].startswith("query-replay-")
    assert answer.stdout == f"what job/{job['metadata']['name']} said\n"
    assert answer.returncode == 1, "that of the Job's pod"


def test_a_function_without_a_copy_is_named_with_those_that_have_one(cluster: Cluster) -> None:
    answer = cluster.blog("replay", "posts")
    assert "posts keeps no copy; query and comments do" in answer.stderr
    assert answer.returncode == 2


@pytest.mark.parametrize(
    ("verb", "instead"),
    [("backup", "pg_dump"), ("restore", "pg_restore"), ("run", "make deploy"), ("load", "--url")],
)
def test_what_cannot_be_done_in_a_cluster_says_what_to_do_instead(
    cluster: Cluster, verb: str, instead: str
) -> None:
    answer = cluster.blog(verb)
    assert answer.returncode == 2
    assert f"no {verb} in a cluster" in answer.stderr
    assert instead in answer.stderr


def test_what_the_cluster_refuses_is_told_in_its_own_words(tmp_path: Path) -> None:
    empty = Cluster(tmp_path, {}, 9, {})
    answer = empty.blog("dead")
    empty.gateway.close()
    assert answer.returncode == 1
    assert answer.stderr == (
        "Error: kubectl get service dead-letters -n blog -o json:"
        " Error from server (NotFound): service dead-letters not found\n"
    )


def test_without_kubectl_it_says_so() -> None:
    command = [str(BLOG), "--cluster", "status"]
    answer = subprocess.run(command, check=False, capture_output=True, text=True, env={"PATH": ""})
    assert (answer.returncode, answer.stderr.startswith("Error: kubectl is missing")) == (1, True)
