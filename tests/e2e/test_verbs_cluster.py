"""`blog --cluster`: the operator's verbs on functions that a cluster's gateway leads to."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

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
from tests.knative_objects import (
    PLATFORM,
    an,
    broker,
    channel,
    deployed,
    subscriber,
    trigger,
    unready,
)

FUNCTIONS = {"posts": POSTS, "comments": COMMENTS, "moderation": MODERATION, "query": QUERY}
DAILY = ["python", "-m", "functions.query.replay", "--repair"]


def objects() -> dict[str, Any]:
    """What the cluster is said to have: `query` runs, all else sleeps."""
    kinds = deployed()
    pod = an("Pod", "query-1")
    pod["metadata"]["labels"] = {"serving.knative.dev/service": "query"}
    kinds["pods"] = [pod, {"kind": "Pod", "metadata": {"name": "other"}}]
    container = {"name": "replay", "image": "query", "command": DAILY}
    template = {"spec": {"containers": [container]}}
    daily = {
        "spec": {"jobTemplate": {"metadata": {}, "spec": {"backoffLimit": 3, "template": template}}}
    }
    cron_jobs = ("query-replay", "comments-replay", "something-else")
    return {
        **{kind: {"items": items} for kind, items in kinds.items()},
        "broker default": broker(),
        "cronjobs": {"items": [an("CronJob", name) for name in cron_jobs]},
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


def kinds(told: Any) -> set[tuple[str, str]]:
    """The troubles, but for the letters that other tests leave behind."""
    found = {(one["kind"], one["about"]) for one in told["troubles"]}
    return {one for one in found if one[0] != "letter-waits"}


def test_status_tells_of_services_triggers_and_what_functions_say(cluster: Cluster) -> None:
    answer = cluster.blog("status", "--json")
    told = json.loads(answer.stdout)
    assert (told["state"], kinds(told)) == ("deployed", set())
    assert told["services"]["query"] == {"ready": True, "pods": 1}
    assert told["services"]["posts"] == {"ready": True, "pods": 0}
    assert set(told["triggers"]) == {trigger.name for trigger in PLATFORM.triggers}
    assert all(one["ready"] and one["deadLetters"] >= 0 for one in told["triggers"].values())
    assert told["outboxes"].keys() == {"posts", "comments"}
    assert answer.returncode == (0 if told["well"] else 1)


def test_status_without_waking_asks_no_function(cluster: Cluster) -> None:
    asked = cluster.gateway.asked
    answer = cluster.blog("status", "--json", "--without-waking")
    told = json.loads(answer.stdout)
    assert (told["well"], told["outboxes"], answer.returncode) == (True, {}, 0)
    assert all(one["deadLetters"] is None for one in told["triggers"].values())
    assert cluster.gateway.asked == asked


def test_status_names_what_is_missing_stuck_and_there_twice(cluster: Cluster) -> None:
    was = deployed()
    [missing, kept, *triggers] = was["triggers.eventing.knative.dev"]
    posts, *bindings = was["sinkbindings.sources.knative.dev"]
    _, left = subscriber(trigger(kept["metadata"]["name"]))
    cluster.change("triggers.eventing.knative.dev", [kept, *triggers])
    cluster.change("sinkbindings.sources.knative.dev", [unready(posts, "NoAddressable"), *bindings])
    cluster.change("inmemorychannels.messaging.knative.dev", [channel(left)])
    try:
        answer = cluster.blog("status", "--without-waking")
        told = json.loads(cluster.blog("status", "--json", "--without-waking").stdout)
    finally:
        for kind in was:
            cluster.change(kind, objects()[kind]["items"])
    name = missing["metadata"]["name"]
    assert kinds(told) == {
        ("trigger-missing", name),
        ("sink-binding-stuck", posts["metadata"]["name"]),
        ("trigger-twice", kept["metadata"]["name"]),
    }
    assert told["triggers"][name]["ready"] is False
    assert answer.returncode == 1
    lines = answer.stdout.splitlines()
    assert lines[0] == f"trigger-missing  Trigger: {name}"
    assert [name, "no", "-"] in [line.split() for line in lines]


def test_a_cluster_without_in_memory_channels_has_no_stale_subscribers(cluster: Cluster) -> None:
    cluster.without("inmemorychannels.messaging.knative.dev")
    answer = cluster.blog("status", "--without-waking")
    cluster.change(
        "inmemorychannels.messaging.knative.dev",
        objects()["inmemorychannels.messaging.knative.dev"]["items"],
    )
    assert answer.stdout.startswith("All is well.\n")


def test_status_is_shown_in_columns(cluster: Cluster) -> None:
    lines = [line.split() for line in cluster.blog("status").stdout.splitlines()]
    assert ["service", "ready", "pods"] in lines
    assert ["query", "yes", "1"] in lines
    assert ["web", "yes", "0"] in lines
    assert ["trigger", "ready", "dead", "letters"] in lines


def test_of_a_cluster_out_of_reach_kubectls_own_log_is_left_out(tmp_path: Path) -> None:
    empty = Cluster(tmp_path, {}, 9, {})
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(
        "#!/bin/sh\necho 'E1128 15:25:45.8 memcache.go' >&2\necho refused >&2\nexit 1"
    )
    answer = empty.blog("status")
    empty.gateway.close()
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1)
    assert answer.stderr.endswith("-o json: refused\n")


def test_a_cluster_that_cannot_be_asked_exits_with_2(tmp_path: Path) -> None:
    empty = Cluster(tmp_path, {}, 9, {})
    answer = empty.blog("status", "--json")
    empty.gateway.close()
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("Error: kubectl get services.serving.knative.dev,")


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
    assert status["triggers"]["query-post-updated"]["deadLetters"] >= 1
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
    assert (answer.returncode, answer.stderr.startswith("Error: kubectl is missing")) == (2, True)
