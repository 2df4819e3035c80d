"""What the local platform reads in manifests."""

import pytest

from broker.manifests import (
    DeliverySpec,
    Destination,
    ManifestError,
    Ping,
    Service,
    parse_platform,
)
from eventing.cloudevent import CloudEvent
from tests.unit.manifest_documents import (
    BROKER,
    TO_QUERY,
    Document,
    binding,
    named,
    pairs,
    ping,
    service,
    to,
    to_broker,
    trigger,
)

KNATIVE_DEFAULT = DeliverySpec(10, "exponential", 0.2, None, None)


def with_delivery(delivery: Document | None, broker: Document | None = None) -> DeliverySpec:
    spec = {} if delivery is None else {"delivery": delivery}
    holder = BROKER if broker is None else {**BROKER, "spec": {"delivery": broker}}
    [found] = parse_platform(pairs(holder, service(), trigger(**spec))).triggers
    return found.delivery


def test_a_service_gives_its_function_literal_environment_and_visibility() -> None:
    container = {
        "image": "query",
        "env": [
            {"name": "FUNCTION_TARGET", "value": "query"},
            {"name": "EMPTY"},
            {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "q", "key": "url"}}},
        ],
    }
    labels = {"networking.knative.dev/visibility": "cluster-local", "app": "blog"}
    [found] = parse_platform(pairs(service(container, labels=labels))).services
    env = {"FUNCTION_TARGET": "query", "EMPTY": ""}
    assert found == Service(
        "query", "query", env, public=False, variables=frozenset({*env, "DATABASE_URL"})
    )


def test_a_variable_that_leads_into_a_volume_is_left_to_a_cluster_with_its_volume() -> None:
    paths = {"FILE": "/etc/blog/words.txt", "HOME": "/home", "OTHER": "/etc/blogs", "NONE": ""}
    container = {
        "env": [{"name": name, "value": path} for name, path in paths.items()],
        "volumeMounts": [
            {"name": "home", "mountPath": "/home"},
            {"name": "words", "mountPath": "/etc/blog", "readOnly": True},
        ],
    }
    [found] = parse_platform(pairs(service(container))).services
    assert found.env == {"OTHER": "/etc/blogs", "NONE": ""}


def test_a_service_without_function_and_label_is_public_and_runs_none() -> None:
    [found] = parse_platform(pairs(service())).services
    assert found == Service("query", None, {}, public=True)


def test_a_sinkbinding_makes_its_subject_publish() -> None:
    [found] = parse_platform(pairs(BROKER, service(), binding())).services
    assert (found.publishes, found.broker) == (True, "default")


def test_each_service_publishes_to_the_broker_that_its_own_sinkbinding_names() -> None:
    audit = named(BROKER, name="audit")
    other = named(service(), name="other")
    to_audit = named(binding(subject=to("other")["ref"], sink=to_broker("audit")), name="other")
    documents = (audit, BROKER, service(), other, binding(), to_audit)
    found = {each.name: each.broker for each in parse_platform(pairs(*documents)).services}
    assert found == {"query": "default", "other": "audit"}


def test_two_sinkbindings_may_not_lead_one_service_to_two_brokers() -> None:
    audit, again = named(BROKER, name="audit"), named(binding(sink=to_broker("audit")), name="two")
    with pytest.raises(ManifestError, match="query is bound to the Broker default already"):
        parse_platform(pairs(audit, BROKER, service(), binding(), again))


def test_a_trigger_gives_broker_filter_and_subscriber() -> None:
    spec = {"filters": [{"exact": {"type": "PostCreated"}}]}
    [found] = parse_platform(pairs(BROKER, service(), trigger(**spec))).triggers
    assert (found.name, found.broker) == ("query-posts", "default")
    assert found.subscriber == Destination("query", "/")
    assert found.filter(CloudEvent(id="1", source="/posts", type="PostCreated"))
    assert not found.filter(CloudEvent(id="1", source="/posts", type="PostDeleted"))


def test_a_pingsource_gives_schedule_data_and_sink() -> None:
    spec = {"timezone": "Europe/Berlin", "contentType": "application/json", "data": '{"a": 1}'}
    [found] = parse_platform(pairs(service(), ping(**spec))).pings
    expected = Destination("query", "/")
    assert found == Ping(
        "query", "*/15 * * * *", "Europe/Berlin", "application/json", b'{"a": 1}', expected
    )


def test_a_pingsource_may_carry_bytes() -> None:
    [found] = parse_platform(pairs(service(), ping(dataBase64="AP8="))).pings
    assert found.data == b"\x00\xff"


def test_a_pingsource_without_schedule_pings_every_minute() -> None:
    document = ping()
    del document["spec"]["schedule"]
    [found] = parse_platform(pairs(service(), document)).pings
    assert found.schedule == "* * * * *"


@pytest.mark.parametrize(
    ("target", "destination"),
    [
        ({**TO_QUERY, "uri": "/dead/a"}, Destination("query", "/dead/a")),
        ({"uri": "http://localhost:9/x?y=1"}, Destination(None, "http://localhost:9/x?y=1")),
    ],
)
def test_a_destination_is_a_path_on_a_service_or_an_absolute_uri(
    target: Document, destination: Destination
) -> None:
    assert with_delivery({"deadLetterSink": target}).dead_letter_sink == destination


def test_delivery_is_knatives_default_where_no_block_stands() -> None:
    assert with_delivery(None) == KNATIVE_DEFAULT


def test_delivery_is_the_brokers_block_where_the_trigger_has_none() -> None:
    block = {"retry": 3, "backoffPolicy": "linear", "backoffDelay": "PT1M", "timeout": "PT10S"}
    assert with_delivery(None, broker=block) == DeliverySpec(3, "linear", 60.0, 10.0, None)


def test_a_triggers_block_replaces_the_brokers_whole() -> None:
    own = with_delivery({"timeout": "PT0.5S"}, broker={"retry": 3, "deadLetterSink": TO_QUERY})
    assert own == DeliverySpec(0, "exponential", 0.0, 0.5, None)


def test_retries_follow_at_once_unless_policy_and_delay_are_both_given() -> None:
    assert with_delivery({"retry": 2, "backoffDelay": "PT1S"}).backoff_delay == 0.0
    assert with_delivery({"retry": 2, "backoffPolicy": "linear"}).backoff_delay == 0.0


def test_what_a_cluster_alone_cares_for_is_left_to_it() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "author"}, "data": {}}
    annotated = named(BROKER, annotations={"eventing.knative.dev/broker.class": "Kafka"})
    probed = service({"readinessProbe": {"httpGet": {"path": "/healthz"}}, "resources": {}})
    platform = parse_platform(pairs(secret, annotated, probed))
    assert (platform.brokers, len(platform.services)) == (("default",), 1)


@pytest.mark.parametrize(
    "duration", ["10s", "PT", "P", "-PT1S", "+PT1S", "pt1s", "P1M", "P1Y", "PT1,5S", "PT0.25S", ""]
)
@pytest.mark.parametrize("field", ["backoffDelay", "timeout"])
def test_a_duration_that_knative_would_read_otherwise_is_refused(field: str, duration: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        with_delivery({field: duration})
    assert str(refusal.value).startswith(
        f"x.yaml: Trigger query-posts: spec.delivery.{field}: {duration!r} is no duration"
    )


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("PT0.5S", 0.5), ("PT10S", 10), ("PT1M30S", 90), ("PT2H", 7200), ("P1DT1S", 86401)],
)
def test_durations_are_read_in_seconds(duration: str, seconds: float) -> None:
    assert with_delivery({"timeout": duration}).timeout == seconds


@pytest.mark.parametrize(
    "schedule", ["* * * * *", "0 6 * * 1-5", "0,30 8-18/2 * * *", "5 0 1,15 * *", "0 0 29 2 *"]
)
def test_schedules_that_every_reader_of_cron_understands_alike(schedule: str) -> None:
    [found] = parse_platform(pairs(service(), ping(schedule=schedule))).pings
    assert found.schedule == schedule


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("@hourly", "write five fields"),
        ("@every 1m", "write five fields"),
        ("0 * * * * *", "write five fields"),
        ("*/15 * * *", "write five fields"),
        ("5/15 * * * *", "write five fields"),
        ("0 0 L * *", "write five fields"),
        ("0 0 * * MON", "write five fields"),
        ("CRON_TZ=UTC * * * * *", "write five fields"),
        ("60 * * * *", "Bad minute: correct it"),
        ("0 0 31 2 *", "Bad day-of-month: correct it"),
        ("0 0 1 * 1", "cron readers differ on a day of month with a weekday"),
        ("0 0 * * 7", "cron readers differ on weekday 7: write 0"),
    ],
)
def test_a_bad_schedule_is_refused(schedule: str, problem: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        parse_platform(pairs(service(), ping(schedule=schedule)))
    assert str(refusal.value).startswith(
        f"x.yaml: PingSource query: spec.schedule: {schedule!r}: {problem}"
    )
