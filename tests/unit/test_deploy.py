"""When a deployment is done, and what it says until then: pure rules over kubectl's JSON."""

from typing import Any

import pytest

from broker.deploy.command import addresses
from broker.deploy.readiness import Unready, not_starting, resources, tells, unready

Object = dict[str, Any]
GROUPS = {
    "Service": "serving.knative.dev/v1",
    "DomainMapping": "serving.knative.dev/v1beta1",
    "Broker": "eventing.knative.dev/v1",
    "Trigger": "eventing.knative.dev/v1",
    "EventType": "eventing.knative.dev/v1beta3",
    "SinkBinding": "sources.knative.dev/v1",
    "PingSource": "sources.knative.dev/v1",
    "Job": "batch/v1",
    "StatefulSet": "apps/v1",
}
KNATIVE = [kind for kind, group in GROUPS.items() if "knative" in group]


def an(kind: str, name: str = "posts", **rest: Any) -> Object:
    return {"apiVersion": GROUPS[kind], "kind": kind, "metadata": {"name": name}, **rest}


def told(kind: str, *conditions: Object, generation: int = 1, observed: int = 1) -> Object:
    one = an(kind, status={"observedGeneration": observed, "conditions": list(conditions)})
    one["metadata"]["generation"] = generation
    return one


def condition(type: str, status: str, reason: str = "", message: str = "") -> Object:  # noqa: A002
    return {"type": type, "status": status, "reason": reason, "message": message}


READY = condition("Ready", "True")


def why(one: Object) -> str:
    [found] = unready([an(one["kind"])], [one])
    return found.why


@pytest.mark.parametrize("kind", KNATIVE)
def test_an_object_of_knative_is_ready_once_it_says_so(kind: str) -> None:
    assert unready([an(kind)], [told(kind, READY)]) == []
    assert unready([an(kind)], [told(kind, condition("Ready", "Unknown", "Deploying"))])
    assert unready([an(kind)], [told(kind)])


def test_what_is_said_of_an_earlier_generation_does_not_count() -> None:
    assert why(told("Service", READY, generation=2, observed=1)).startswith("its last change")


def test_what_was_applied_and_is_not_there_is_waited_for() -> None:
    [found] = unready([an("Trigger", "a"), an("Trigger", "posts")], [told("Trigger", READY)])
    assert found == Unready("Trigger", "a", "is not there")


def test_another_kind_of_the_same_name_does_not_count() -> None:
    assert unready([an("PingSource")], [told("SinkBinding", READY)])


def test_what_was_not_applied_is_not_waited_for() -> None:
    others = told("Trigger", condition("Ready", "False"))
    assert unready([an("Broker")], [told("Broker", READY), others]) == []


def test_the_reason_is_that_of_ready() -> None:
    conditions = (
        condition("ConfigurationsReady", "False", "Other", "other"),
        condition("Ready", "False", "RevisionFailed", "no image"),
    )
    assert why(told("Service", *conditions)) == "RevisionFailed: no image"


def test_where_ready_gives_no_reason_another_condition_does() -> None:
    conditions = (condition("Ready", "Unknown"), condition("Deployed", "Unknown", "", "pulling"))
    assert why(told("Service", *conditions)) == "pulling"


def test_an_object_that_says_nothing_is_said_to_say_nothing() -> None:
    assert why(told("Broker")) == "does not say yet why it is not ready"
    assert why(told("Broker", condition("Ready", "Unknown"))).startswith("does not say yet")


def test_an_object_without_a_status_is_not_ready() -> None:
    one = an("Trigger")
    one["metadata"]["generation"] = 1
    assert why(one).startswith("its last change")


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ([condition("Complete", "True")], []),
        ([], [Unready("Job", "posts", "is not done yet")]),
        (
            [condition("FailureTarget", "True", "a", "b"), condition("Failed", "True", "x", "y")],
            [Unready("Job", "posts", "x: y", failed=True)],
        ),
    ],
)
def test_a_job_is_done_or_failed_for_good(conditions: list[Object], found: list[Unready]) -> None:
    job = an("Job", status={"conditions": conditions})
    assert unready([an("Job")], [job]) == found


@pytest.mark.parametrize(
    ("ready", "generation", "is_ready"),
    [(2, 1, True), (1, 1, False), (None, 1, False), (2, 2, False)],
)
def test_a_statefulset_is_ready_with_all_its_pods(
    ready: int | None, generation: int, is_ready: bool
) -> None:
    one = told("StatefulSet", generation=generation)
    one |= {"spec": {"replicas": 2}}
    if ready is not None:
        one["status"]["readyReplicas"] = ready
    assert (unready([an("StatefulSet")], [one]) == []) is is_ready


def pod(name: str, **state: Any) -> Object:
    return {"metadata": {"name": name}, "status": {"containerStatuses": [{"state": state}]}}


def test_a_pod_that_cannot_start_says_why() -> None:
    pods = [
        pod("a", waiting={"reason": "CreateContainerConfigError", "message": "no secret"}),
        pod("b", waiting={"reason": "ContainerCreating"}),
        pod("c", running={"startedAt": "2026-01-31T12:00:00Z"}),
        {"metadata": {"name": "d"}},
    ]
    assert not_starting(pods) == [Unready("Pod", "a", "CreateContainerConfigError: no secret")]


def test_kubernetes_own_service_does_not_tell_and_knatives_does() -> None:
    assert tells(an("Service"))
    assert not tells({**an("Service"), "apiVersion": "v1"})
    assert not tells({**an("Service"), "apiVersion": "v1", "kind": "ConfigMap"})


def test_a_sinkbinding_is_asked_for_before_the_services_that_it_changes() -> None:
    asked = resources([an("Trigger"), an("Service"), an("Service", "b"), an("SinkBinding")])
    assert asked == (
        "sinkbindings.sources.knative.dev,services.serving.knative.dev,"
        "triggers.eventing.knative.dev"
    )


def test_the_addresses_are_those_of_what_is_public() -> None:
    web = an("Service", "web", status={"url": "http://web.blog.example.com"})
    posts = an("Service", status={"url": "http://posts.blog.svc.cluster.local"})
    posts["metadata"]["labels"] = {"networking.knative.dev/visibility": "cluster-local"}
    domain = an("DomainMapping", "posts.com", status={"url": "http://posts.com"})
    trigger = told("Trigger", READY)
    assert list(addresses([web, posts, domain, trigger])) == [
        ("web", "http://web.blog.example.com"),
        ("posts.com", "http://posts.com"),
    ]
