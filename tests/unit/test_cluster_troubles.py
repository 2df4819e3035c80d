"""What is wrong with a deployed blog: rules over the JSON of kubectl and the manifests."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from broker.cluster.channels import Stale, removing, stale
from broker.cluster.knative import KINDS, Deployed, troubles
from tests.knative_objects import (
    BROKER_URL,
    PLATFORM,
    an,
    binding,
    broker,
    channel,
    deployed,
    subscriber,
    trigger,
    unready,
)

Object = dict[str, Any]
Objects = dict[str, list[Object]]
PATCH = (
    '[{"op": "test", "path": "/spec/subscribers/2/uid", "value": "f00"},'
    ' {"op": "remove", "path": "/spec/subscribers/2"}]'
)
GOING = "2026-11-28T12:00:00Z"


def found(objects: Objects) -> list[tuple[str, str, str]]:
    """Kind, place and name of each trouble."""
    by_kind = {kind: objects[resource] for kind, resource in KINDS.items()}
    kept = stale(
        objects["inmemorychannels.messaging.knative.dev"],
        objects["subscriptions.messaging.knative.dev"],
        "blog",
    )
    there = Deployed(by_kind, objects["pods"], list(kept))
    return [(one.trouble.kind, one.where, one.trouble.about) for one in troubles(PLATFORM, there)]


def first(objects: Objects, kind: str) -> Object:
    return objects[KINDS[kind]][0]


def named(objects: Objects, kind: str, name: str) -> Object:
    return next(one for one in objects[KINDS[kind]] if one["metadata"]["name"] == name)


def test_a_blog_as_it_should_be_has_no_trouble() -> None:
    assert found(deployed()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_manifests_have_and_the_cluster_has_not_is_missing(kind: str) -> None:
    objects = deployed()
    gone = objects[KINDS[kind]].pop(0)
    expected = "trigger-missing" if kind == "Trigger" else "object-missing"
    assert found(objects) == [(expected, kind, gone["metadata"]["name"])]


def test_what_is_being_deleted_is_missing() -> None:
    objects = deployed()
    going = first(objects, "Trigger")
    going["metadata"]["deletionTimestamp"] = GOING
    assert found(objects) == [("trigger-missing", "Trigger", going["metadata"]["name"])]


def test_what_is_not_ready_is_named() -> None:
    objects = deployed()
    unready(named(objects, "Service", "web"), "RevisionMissing", "no image")
    assert found(objects) == [("not-ready", "Service", "web")]


def test_a_namespace_without_a_blog_is_one_trouble() -> None:
    assert found({name: [] for name in deployed()}) == [("object-missing", "blog", "blog")]


def without_address(one: Object) -> None:
    """As seen after the Broker was deleted and made again: the old sink is still shown."""
    unready(one, "NoAddressable", 'brokers.eventing.knative.dev "default" not found')


def another_address(one: Object) -> None:
    one["status"]["sinkUri"] = "http://kafka-broker-ingress.knative-eventing.svc/blog/default"


@pytest.mark.parametrize("state", [without_address, another_address])
def test_a_sinkbinding_that_does_not_lead_to_its_ready_broker_is_stuck(
    state: Callable[[Object], None],
) -> None:
    objects = deployed()
    state(named(objects, "SinkBinding", "posts"))
    assert found(objects) == [("sink-binding-stuck", "SinkBinding", "posts")]


def test_a_sinkbinding_is_not_stuck_while_its_broker_is_not_ready() -> None:
    objects = deployed()
    unready(first(objects, "Broker"), "Deploying")
    without_address(named(objects, "SinkBinding", "posts"))
    assert found(objects) == [
        ("not-ready", "Broker", "default"),
        ("not-ready", "SinkBinding", "posts"),
    ]


def test_a_sinkbinding_that_fails_for_another_reason_is_not_stuck() -> None:
    objects = deployed()
    unready(named(objects, "SinkBinding", "posts"), "SubjectMissing")
    assert found(objects) == [("not-ready", "SinkBinding", "posts")]


def test_the_command_that_wakes_a_stuck_sinkbinding_is_told() -> None:
    stuck = unready(binding("posts"), "NoAddressable")
    there = Deployed({"SinkBinding": [stuck], "Broker": [broker()]})
    [told] = [
        one.trouble for one in troubles(PLATFORM, there) if one.trouble.kind == "sink-binding-stuck"
    ]
    assert told.detail.endswith(
        "kubectl annotate sinkbindings.sources.knative.dev posts woken=$(date +%s) -n blog"
        " --overwrite"
    )


def test_a_subscriber_that_no_subscription_stands_for_is_the_trigger_twice() -> None:
    objects = deployed()
    before = trigger("query-post-created")
    _, kept = subscriber(before)
    objects["inmemorychannels.messaging.knative.dev"][0]["spec"]["subscribers"].insert(1, kept)
    assert found(objects) == [("trigger-twice", "Trigger", "query-post-created")]


def test_of_a_channel_only_what_was_kept_of_our_triggers_is_stale() -> None:
    subscription, live = subscriber(trigger("a"))
    _, gone = subscriber(trigger("b"))
    _, other = subscriber(trigger("c"))
    other["subscriberUri"] = other["subscriberUri"].replace("/triggers/blog/", "/triggers/shop/")
    sequence = {"uid": "s", "subscriberUri": "http://step.blog.svc.cluster.local/"}
    reply_only = {"uid": "r", "replyUri": BROKER_URL}
    kept = channel(live, other, gone, sequence, reply_only)
    empty = an("InMemoryChannel", "empty")
    assert list(stale([kept, empty], [subscription], "blog")) == [
        Stale("default-kne-trigger", 2, gone["uid"], "b")
    ]


def test_a_subscriber_is_removed_from_its_place_only_while_it_is_there() -> None:
    assert removing(Stale("default-kne-trigger", 2, "f00", "b"), "blog") == [
        "patch",
        "inmemorychannels.messaging.knative.dev",
        "default-kne-trigger",
        "--type",
        "json",
        "-p",
        PATCH,
        "-n",
        "blog",
        "--as",
        "system:serviceaccount:knative-eventing:eventing-controller",
    ]


def test_another_trigger_that_does_the_same_is_the_trigger_twice() -> None:
    objects = deployed()
    again = deepcopy(first(objects, "Trigger"))
    of = again["metadata"]["name"]
    [exact] = again["spec"].pop("filters")
    again["spec"]["filter"] = {"attributes": dict(reversed(exact["exact"].items()))}
    again["metadata"]["name"] = "by-hand"
    different = deepcopy(again)
    different["metadata"]["name"] = "different"
    different["spec"]["subscriber"]["ref"]["name"] = "elsewhere"
    objects[KINDS["Trigger"]] += [again, different]
    assert found(objects) == [("trigger-twice", "Trigger", of)]


def test_a_pod_that_cannot_start_is_a_program_that_is_down() -> None:
    objects = deployed()
    state = {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}
    pod = an("Pod", "web-1")
    pod["status"]["containerStatuses"] = [{"state": state}]
    objects["pods"].append(pod)
    assert found(objects) == [("program-down", "Pod", "web-1")]
