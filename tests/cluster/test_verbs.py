"""The operator's verbs on the deployed blog: seen, sent, mended, made anew."""

import json
import subprocess
from typing import Any
from uuid import uuid4

from tests.cluster.deployed import Deployed
from tests.e2e.running import BLOG
from tests.waiting import until

ARRIVES = 120.0  # seconds: six attempts, and whatever sleeps


def blog(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [str(BLOG), "--cluster", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)


def test_status_says_that_all_are_ready(cluster: Deployed) -> None:
    answer = blog("status", "--json")
    cluster.say(blog("status").stdout)
    told = json.loads(answer.stdout)
    assert all(one["ready"] for kind in ("services", "triggers") for one in told[kind].values())
    assert all(isinstance(one["unpublished"], int) for one in told["outboxes"].values())
    assert answer.returncode == 0, answer.stderr


def test_a_forged_event_is_dead_at_once_seen_and_given_up(cluster: Deployed) -> None:
    identity = f"forged-{uuid4().hex}"
    cluster.say(f"sending {identity}")
    forged = ("--type", "PostUpdated", "--source", "/posts", "--id", identity, "--data", "{}")
    sent = blog("send", *forged)
    assert sent.returncode == 0, sent.stderr
    found: list[dict[str, Any]] = []

    def dead() -> bool:
        listed = json.loads(blog("dead", "--json").stdout)["deadLetters"]
        found[:] = [one for one in listed if one["event"]["id"] == identity]
        return bool(found)

    until(dead, ARRIVES)
    [letter] = found
    assert (letter["trigger"], letter["reason"]) == ("query-post-updated", "answered 422")
    assert blog("dead", "redrive", letter["id"]).stdout == "0 delivered, 1 failed\n"
    assert blog("dead", "discard", letter["id"], "--reason", "a test").returncode == 0
    assert identity not in blog("dead").stdout


def test_one_correlation_id_follows_a_post_through_the_histories(cluster: Deployed) -> None:
    site, followed = cluster.site(), f"tea-{uuid4().hex}"
    headers = {"Authorization": f"Bearer {site.token}", "X-Correlation-Id": followed}
    post = site.ask("POST", "/api/posts", {"title": "Followed"}, headers=headers).json
    site.ask("DELETE", f"/api/posts/{post['id']}", headers=headers)
    told = blog("events", "--correlationid", followed, "--count", "2", "--json").stdout
    events = [json.loads(line) for line in told.splitlines()]
    assert [event["type"] for event in events] == ["PostCreated", "PostDeleted"]
    assert {event["subject"] for event in events} == {post["id"]}


def test_replay_finds_the_read_model_right(cluster: Deployed) -> None:
    cluster.say("replay query --check")
    answer = blog("replay", "query", "--check")
    assert answer.returncode == 0, answer.stdout + answer.stderr
