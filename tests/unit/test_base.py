"""knative/base agrees with the published language and with the rules that every manifest keeps."""

import graphlib
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cronsim import CronSim

from broker.manifests import Destination, Platform, Trigger, load_platform, parse_platform
from eventing.cloudevent import CloudEvent
from eventing.telling import PAUSE
from functions import moderation
from functions.dead_letters.retries import STAY_AWAKE
from functions.dead_letters.rules import read_subscribers
from functions.events import (
    COMMENT_MODERATED,
    COMMENT_UPDATED,
    EVENT_TYPES,
    REACHES,
    EventType,
)
from tests.unit.manifest_documents import to, trigger

BASE = Path(__file__).parents[2] / "knative" / "base"
KUSTOMIZATION = yaml.safe_load((BASE / "kustomization.yaml").read_text())
FILES = [name for name in KUSTOMIZATION["resources"] if (BASE / name).is_file()]
PLATFORM = load_platform(BASE)
FUNCTIONS = [service for service in PLATFORM.services if service.function]

DRAINS = 30.0
"""Seconds for which Knative's proxy, and with it the function, goes on after it is told to end."""
COMES_AND_GOES = DRAINS + 8.0
"""Seconds besides the window: to start, to be noticed, and to drain."""
WHEN_WOKEN: dict[str, tuple[EventType, ...]] = {
    "comments": (COMMENT_UPDATED,),
    "moderation": (COMMENT_MODERATED,),
}
"""What a function may emit because an event woke it; all else comes of a command."""


def documents(kind: str) -> dict[str, dict[str, Any]]:
    found = (each for file in FILES for each in yaml.safe_load_all((BASE / file).read_text()))
    return {each["metadata"]["name"]: each for each in found if each["kind"] == kind}


PODS = {
    name: document["spec"]["template"]["spec"] for name, document in documents("Service").items()
}


def reached(triggers: Iterable[Trigger], type: str, source: str) -> list[str]:  # noqa: A002
    event = CloudEvent(id="1", source=source, type=type)
    return sorted(function(each) for each in triggers if each.filter(event))


def function(trigger: Trigger) -> str:
    return str(trigger.subscriber.service).replace("-", "_")


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda each: each.type)
def test_an_event_reaches_each_of_its_functions_once(event_type: EventType) -> None:
    found = reached(PLATFORM.triggers, event_type.type, event_type.source)
    assert found == sorted(REACHES[event_type])


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda each: each.type)
def test_an_event_with_a_forged_source_reaches_nobody(event_type: EventType) -> None:
    sources = {each.source for each in EVENT_TYPES} | {"/", "", "/elsewhere", "/posts/"}
    for source in sources - {event_type.source}:
        assert reached(PLATFORM.triggers, event_type.type, source) == []


def test_an_event_of_another_type_reaches_nobody() -> None:
    for source in {each.source for each in EVENT_TYPES}:
        assert reached(PLATFORM.triggers, "PostRenamed", source) == []


def test_every_source_is_the_path_of_a_service() -> None:
    names = {service.name for service in PLATFORM.services}
    assert {each.source.removeprefix("/") for each in EVENT_TYPES} <= names


def test_every_subscriber_is_the_root_of_a_function() -> None:
    roots = {Destination(service.name, "/") for service in FUNCTIONS}
    assert {trigger.subscriber for trigger in PLATFORM.triggers} <= roots


def loop(platform: Platform) -> list[str] | None:
    """A chain of event types in which each causes the next one and the last is the first."""
    graph: dict[str, set[str]] = {
        each.type: {
            emitted.type
            for service in reached(platform.triggers, each.type, each.source)
            for emitted in WHEN_WOKEN.get(service, ())
        }
        for each in EVENT_TYPES
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        found: list[str] = error.args[1]
        return found
    return None


def test_no_trigger_loops() -> None:
    assert loop(PLATFORM) is None


@pytest.mark.parametrize(
    ("event_type", "service"),
    [
        pytest.param(COMMENT_UPDATED, "moderation", id="CommentUpdated to moderation"),
        pytest.param(COMMENT_UPDATED, "comments", id="CommentUpdated to comments itself"),
        pytest.param(COMMENT_MODERATED, "moderation", id="CommentModerated to moderation itself"),
    ],
)
def test_one_trigger_more_that_loops_is_found(event_type: EventType, service: str) -> None:
    kinds = ("Broker", "Service", "Trigger")
    pairs = [("base", each) for kind in kinds for each in documents(kind).values()]
    more = trigger(filters=[{"exact": {"type": event_type.type}}], subscriber=to(service))
    assert loop(parse_platform([*pairs, ("more.yaml", more)])) is not None


def test_what_a_function_emits_when_woken_carries_its_own_source() -> None:
    for service, event_types in WHEN_WOKEN.items():
        assert {each.source for each in event_types} == {f"/{service}"}


@pytest.mark.parametrize("trigger", PLATFORM.triggers, ids=lambda each: each.name)
def test_a_trigger_retries_five_times_with_a_growing_pause(trigger: Trigger) -> None:
    delivery = trigger.delivery
    assert (delivery.retry, delivery.backoff_policy) == (5, "exponential")
    assert (delivery.backoff_delay, delivery.timeout) == (0.5, 10.0)


@pytest.mark.parametrize("trigger", PLATFORM.triggers, ids=lambda each: each.name)
def test_what_a_triggers_subscriber_does_not_take_goes_to_a_path_of_its_own(
    trigger: Trigger,
) -> None:
    sink = Destination("dead-letters", f"/dead/{trigger.name}")
    assert trigger.delivery.dead_letter_sink == sink


def test_dead_letters_go_again_to_the_subscriber_of_their_trigger() -> None:
    [env] = [service.env for service in FUNCTIONS if service.name == "dead-letters"]
    assert read_subscribers(env["SUBSCRIBERS"]) == {
        each.name: f"http://{each.subscriber.service}.blog.svc.cluster.local{each.subscriber.uri}"
        for each in PLATFORM.triggers
    }


def test_a_trigger_writes_its_delivery_whole() -> None:
    whole = {"retry", "backoffPolicy", "backoffDelay", "timeout", "deadLetterSink"}
    for document in documents("Trigger").values():
        assert set(document["spec"]["delivery"]) == whole


def test_a_trigger_is_named_after_its_subscriber_and_never_redrive() -> None:
    for each in PLATFORM.triggers:
        assert each.name.startswith(f"{each.subscriber.service}-")


def test_the_names_are_those_of_the_contract() -> None:
    assert (PLATFORM.namespace, PLATFORM.brokers) == ("blog", ("default",))
    assert set(documents("Namespace")) == {"blog"}
    names = [service.name for service in PLATFORM.services]
    assert names == ["posts", "comments", "moderation", "query", "dead-letters", "web"]


def test_only_the_ingress_is_public_and_only_it_runs_no_function() -> None:
    assert [service.name for service in PLATFORM.services if service.public] == ["web"]
    assert [service.name for service in PLATFORM.services if not service.function] == ["web"]


def test_a_function_is_named_after_its_service() -> None:
    for service in FUNCTIONS:
        assert service.function == service.name.replace("-", "_")


def test_whoever_has_an_outbox_publishes_and_is_woken_every_fifteen_minutes() -> None:
    publishers = {service.name for service in PLATFORM.services if service.publishes}
    assert publishers == {"posts", "comments", "dead-letters"}
    publishers -= {"dead-letters"}  # publishes replies alone, and has no outbox
    pings = {ping.name: (ping.sink, ping.schedule) for ping in PLATFORM.pings}
    del pings["dead-letters"]
    assert pings == {name: (Destination(name, "/"), "*/15 * * * *") for name in publishers}


def test_dead_letters_is_woken_once_an_hour_when_others_are_woken_anyway() -> None:
    [ping] = [ping for ping in PLATFORM.pings if ping.name == "dead-letters"]
    assert (ping.sink, ping.schedule) == (Destination("dead-letters", "/"), "0 * * * *")


def test_an_idle_hour_is_awake_for_less_than_eight_percent() -> None:
    """As many minutes as have a ping; whoever is woken at once is awake at once."""
    minutes, longest = set(), 0.0
    for ping in PLATFORM.pings:
        midnight = datetime(2026, 1, 31, tzinfo=UTC)
        times = itertools.islice(CronSim(ping.schedule, midnight), 100)
        minutes |= {each - midnight for each in times if each - midnight <= timedelta(hours=1)}
        longest = max(longest, window(ping.sink.service or "") + COMES_AND_GOES)
    assert len(minutes) * longest < 0.08 * 3_600


def window(name: str) -> float:
    """Seconds for which a Service goes on without a request."""
    annotations = documents("Service")[name]["spec"]["template"]["metadata"]["annotations"]
    return float(annotations.get("autoscaling.knative.dev/window", "60s").removesuffix("s"))


def test_a_producer_is_there_to_tell_its_readers_once_more() -> None:
    """When it has told them at a ping, the last events were too young to be compared."""
    assert all(window(name) + DRAINS >= PAUSE for name in ("posts", "comments"))


def test_dead_letters_asks_itself_for_something_before_it_would_fall_asleep() -> None:
    assert window("dead-letters") > STAY_AWAKE + 5


def test_dead_letters_knows_where_it_is_reached_itself() -> None:
    [env] = [service.env for service in FUNCTIONS if service.name == "dead-letters"]
    assert env["OWN_URL"] == "http://dead-letters.blog.svc.cluster.local/"


def test_every_copy_that_readers_see_is_compared_daily_by_its_functions_own_image() -> None:
    copies = {service.name for service in FUNCTIONS if "FEEDS" in service.env}
    assert copies == {"query", "comments", "dead-letters"}
    copies -= {"dead-letters"}  # what has been deleted: nobody is woken for it alone
    jobs = documents("CronJob")
    assert set(jobs) == {f"{name}-replay" for name in copies}
    for name in copies:
        pod = jobs[f"{name}-replay"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        [job], [function] = pod["containers"], PODS[name]["containers"]
        assert job["command"] == ["python3", "-m", f"functions.{name}.replay", "--repair"]
        assert job["image"] == function["image"]
        assert job["securityContext"] == function["securityContext"]
        assert [each for each in function["env"] if each in job["env"]] == job["env"]


def test_a_copy_is_made_from_those_whose_events_reach_its_function() -> None:
    for name in ("query", "comments", "dead-letters"):
        [env] = [service.env for service in FUNCTIONS if service.name == name]
        kinds = [kind for kind in REACHES if name.replace("-", "_") in REACHES[kind]]
        sources = {kind.source for kind in kinds if kind is not COMMENT_MODERATED}
        feeds = {f"{source[1:]}=http:/{source}.blog.svc.cluster.local/" for source in sources}
        assert set(env["FEEDS"].split()) == feeds


def test_a_producer_tells_all_who_keep_a_copy_of_its_history() -> None:
    for producer in ("posts", "comments"):
        [env] = [service.env for service in FUNCTIONS if service.name == producer]
        copies = [
            service for service in FUNCTIONS if f"{producer}=" in service.env.get("FEEDS", "")
        ]
        readers = {f"{each.name}=http://{each.name}.blog.svc.cluster.local/" for each in copies}
        assert set(env["READERS"].split()) == readers


@pytest.mark.parametrize("name", PODS)
def test_a_pod_passes_restricted_and_writes_only_to_tmp(name: str) -> None:
    [container] = PODS[name]["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsGroup": 65532,
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert PODS[name]["automountServiceAccountToken"] is False
    [tmp] = [volume["name"] for volume in PODS[name]["volumes"] if "emptyDir" in volume]
    assert {mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == tmp} == {
        "/tmp"  # noqa: S108 - a volume of the pod's own
    }


@pytest.mark.parametrize("name", PODS)
def test_a_pod_takes_several_requests_at_once(name: str) -> None:
    assert PODS[name]["containerConcurrency"] != 1
    assert PODS[name]["containers"][0]["image"] == name


@pytest.mark.parametrize("name", PODS)
def test_a_pod_has_a_minute_to_start_and_is_taken_as_soon_as_it_answers(name: str) -> None:
    """Knative asks a readiness probe without a period every 50 ms; with one, once a second.

    A startup probe is the kubelet's, which asks once a second: a cold start would wait for it.
    """
    [container] = PODS[name]["containers"]
    where = {"path": "/" if name == "web" else "/healthz", "port": 8080}
    assert container["readinessProbe"] == {"httpGet": where}
    assert "startupProbe" not in container
    alive = container["livenessProbe"]
    assert alive["httpGet"] == where
    assert alive["initialDelaySeconds"] + alive["periodSeconds"] * alive["failureThreshold"] == 60


@pytest.mark.parametrize("name", PODS)
def test_a_pod_bounds_what_it_uses_and_how_many_there_are(name: str) -> None:
    resources = PODS[name]["containers"][0]["resources"]
    assert set(resources["requests"]) == set(resources["limits"]) == {"cpu", "memory"}
    template = documents("Service")[name]["spec"]["template"]["metadata"]
    assert template["annotations"]["autoscaling.knative.dev/max-scale"] == "10"


def test_the_word_list_is_the_functions_own_under_a_name_that_follows_its_words() -> None:
    folder = BASE / "../../functions/moderation"
    assert folder.resolve() == Path(moderation.__file__).parent
    [generator] = yaml.safe_load((folder / "kustomization.yaml").read_text())["configMapGenerator"]
    assert generator == {"name": "words", "files": ["words.txt"]}
    [container] = PODS["moderation"]["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert {"name": "words", "configMap": {"name": "words"}} in PODS["moderation"]["volumes"]
    assert {"name": "WORDS_FILE", "value": f"{mounts['words']}/words.txt"} in container["env"]


def test_the_event_types_are_those_of_the_language_with_the_names_of_their_schemas() -> None:
    described = {
        tuple(one.get("value") for one in each["spec"]["attributes"][2:])
        for each in documents("EventType").values()
    }
    assert described == {(each.type, each.source, each.dataschema) for each in EVENT_TYPES}


@pytest.mark.parametrize(
    "document", documents("EventType").values(), ids=lambda e: e["metadata"]["name"]
)
def test_an_event_type_comes_back_from_knatives_older_form_as_it_was_written(
    document: dict[str, Any],
) -> None:
    """Else each later `kubectl apply` would be refused: a spec cannot be changed."""
    found = [(each["name"], each["required"]) for each in document["spec"]["attributes"]]
    assert found == [
        ("specversion", True),
        ("id", True),
        ("type", True),
        ("source", True),
        ("schemadata", False),
    ]


@pytest.mark.parametrize("name", documents("CronJob"))
def test_a_cronjobs_pod_runs_and_reaches_out_as_its_functions(name: str) -> None:
    template = documents("CronJob")[name]["spec"]["jobTemplate"]["spec"]["template"]
    function = documents("Service")[name.removesuffix("-replay")]["spec"]["template"]
    assert template["metadata"]["labels"] == function["metadata"]["labels"]
    for field in ("volumes", "automountServiceAccountToken"):
        assert template["spec"][field] == function["spec"][field]
    [job], [container] = template["spec"]["containers"], function["spec"]["containers"]
    for field in ("resources", "volumeMounts"):
        assert job[field] == container[field]


def test_no_pod_is_left_out_of_the_network_policies() -> None:
    policies = {name: each["spec"] for name, each in documents("NetworkPolicy").items()}
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    [allowed] = policies["from-knative"]["podSelector"]["matchExpressions"]
    templates = [each["spec"]["template"] for each in documents("Service").values()]
    components = {each["metadata"]["labels"][allowed["key"]] for each in templates}
    assert components == set(allowed["values"])


@pytest.mark.parametrize("service", FUNCTIONS, ids=lambda each: each.name)
def test_a_function_gets_its_secrets_by_reference(service: Any) -> None:
    [container] = PODS[service.name]["containers"]
    secrets = {
        variable["name"]: variable["valueFrom"]["secretKeyRef"]
        for variable in container["env"]
        if "valueFrom" in variable
    }
    expected = {"DATABASE_URL": {"name": service.name, "key": "url"}}
    if service.name in ("posts", "comments"):
        expected["AUTHOR_TOKEN"] = {"name": "author", "key": "token"}
    assert secrets == expected


def test_every_file_of_the_folder_is_listed() -> None:
    there = {file.name for file in BASE.iterdir()} - {"kustomization.yaml"}
    assert {*FILES, *KUSTOMIZATION["configurations"]} == there
