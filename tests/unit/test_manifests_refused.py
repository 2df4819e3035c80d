"""What the local platform refuses in manifests, each with the text of its error."""

import pytest

from broker.manifests import ManifestError, parse_platform
from tests.unit.manifest_documents import (
    BROKER,
    TO_BROKER,
    TO_QUERY,
    Document,
    binding,
    named,
    pairs,
    ping,
    service,
    trigger,
)

ENV = "spec.template.spec.containers[0].env"
T = "x.yaml: Trigger query-posts: "
S = "x.yaml: Service query: "
P = "x.yaml: PingSource query: "
B = "x.yaml: SinkBinding query: "
UNOBEYED = "the local platform cannot obey it: remove it, or correct its spelling"
OTHER_SERVICE = {"ref": {**TO_QUERY["ref"], "name": "kwery"}}
CORE_SERVICE = {"ref": {**TO_QUERY["ref"], "apiVersion": "v1"}}

REFUSED: dict[str, tuple[Document, str]] = {
    "a document without a name": (
        {"apiVersion": "v1", "kind": "Secret"},
        "x.yaml: a document needs apiVersion, kind and metadata.name: add them",
    ),
    "an unknown kind": (
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}},
        "x.yaml: Deployment a: kind: the local platform does not know apps/v1 Deployment: remove",
    ),
    "a known kind of another version": (
        {**trigger(), "apiVersion": "eventing.knative.dev/v1beta1"},
        T + "kind: the local platform does not know eventing.knative.dev/v1beta1 Trigger",
    ),
    "a name that is no host name": (
        named(trigger(), name="Query_Posts"),
        "x.yaml: Trigger Query_Posts: metadata.name: use lower-case letters, digits and '-'",
    ),
    "another namespace": (
        named(trigger(), namespace="other"),
        T + "metadata.namespace: is other: remove it",
    ),
    "an annotation on a Trigger": (
        named(trigger(), annotations={"knative.dev/dependency": "{}"}),
        T + "metadata.annotations.knative.dev/dependency: " + UNOBEYED,
    ),
    "a field that is misspelt": (trigger(filtres=[]), T + "spec.filtres: " + UNOBEYED),
    "a field beside spec": ({**trigger(), "status": {}}, T + "status: " + UNOBEYED),
    "a brokerRef": (trigger(brokerRef={}), T + "spec.brokerRef: " + UNOBEYED),
    "a Broker's unknown field": (
        {**BROKER, "metadata": {"name": "other"}, "spec": {"retry": 1}},
        "x.yaml: Broker other: spec.retry: " + UNOBEYED,
    ),
    "a Trigger without a broker": (
        {**trigger(), "spec": {"subscriber": TO_QUERY}},
        T + "spec.broker: is missing: add it",
    ),
    "a Trigger of an unknown Broker": (
        trigger(broker="kafka"),
        T + "spec.broker: kafka is in no manifest: use one of those (default) or add it",
    ),
    "a Trigger to an unknown Service": (
        trigger(subscriber=OTHER_SERVICE),
        T + "spec.subscriber.ref.name: kwery is in no manifest: use one of those (query)",
    ),
    "a Trigger to a Service of Kubernetes": (
        trigger(subscriber=CORE_SERVICE),
        T + "spec.subscriber.ref: must be a Service of serving.knative.dev/v1",
    ),
    "a Trigger into another namespace": (
        trigger(subscriber={"ref": {**TO_QUERY["ref"], "namespace": "other"}}),
        T + "spec.subscriber.ref.namespace: the local platform has one namespace: remove it",
    ),
    "a subscriber that is nowhere": (
        trigger(subscriber={}),
        T + "spec.subscriber: names neither a ref nor a uri: add one",
    ),
    "a relative uri without a ref": (
        trigger(subscriber={"uri": "/events"}),
        T + "spec.subscriber.uri: '/events' must be an absolute http URI, or add a ref",
    ),
    "an absolute uri beside a ref": (
        trigger(subscriber={**TO_QUERY, "uri": "http://localhost"}),
        T + "spec.subscriber.uri: 'http://localhost' beside a ref must be a path",
    ),
    "CACerts": (
        trigger(subscriber={**TO_QUERY, "CACerts": "x"}),
        T + "spec.subscriber.CACerts: " + UNOBEYED,
    ),
    "a filter that cannot be obeyed": (
        trigger(filters=[{"cesql": "TRUE"}]),
        T + "spec.filters[0].cesql: the local broker does not read CESQL: use another dialect",
    ),
    "an old filter that cannot be obeyed": (
        trigger(filter={"attributes": {"type": 1}}),
        T + "spec.filter.attributes.type: must be a string: put it in quotes",
    ),
    "an old filter's unknown field": (
        trigger(filter={"type": "a"}),
        T + "spec.filter.type: " + UNOBEYED,
    ),
    "retryAfterMax": (
        trigger(delivery={"retryAfterMax": "PT3S"}),
        T + "spec.delivery.retryAfterMax: " + UNOBEYED,
    ),
    "format": (
        trigger(delivery={"format": "json"}),
        T + "spec.delivery.format: " + UNOBEYED,
    ),
    "a retry that is no number": (
        trigger(delivery={"retry": "5"}),
        T + "spec.delivery.retry: Expected `int`, got `str`",
    ),
    "a negative retry": (
        trigger(delivery={"retry": -1}),
        T + "spec.delivery.retry: Expected `int` >= 0",
    ),
    "an unknown backoff policy": (
        trigger(delivery={"backoffPolicy": "none"}),
        T + "spec.delivery.backoffPolicy: Invalid enum value 'none'",
    ),
    "a dead letter sink that is nowhere": (
        trigger(delivery={"deadLetterSink": OTHER_SERVICE}),
        T + "spec.delivery.deadLetterSink.ref.name: kwery is in no manifest",
    ),
    "a time-out of nothing": (
        trigger(delivery={"timeout": "PT0S"}),
        T + "spec.delivery.timeout: must be more than zero",
    ),
    "a label that is no visibility": (
        service(labels={"networking.knative.dev/visibility": "private"}),
        S + "metadata.labels.networking.knative.dev/visibility: 'private' is not known",
    ),
    "a Service's unknown field": (
        service({"comand": ["x"]}),
        S + "spec.template.spec.containers[0].comand: " + UNOBEYED,
    ),
    "a command, which would run something else": (
        service({"command": ["x"]}),
        S + "spec.template.spec.containers[0].command: " + UNOBEYED,
    ),
    "a second container": (
        {**service(), "spec": {"template": {"spec": {"containers": [{}, {}]}}}},
        S + "spec.template.spec.containers: Expected `array` of length <= 1",
    ),
    "a variable that is no string": (
        service({"env": [{"name": "A", "value": 1}]}),
        S + f"{ENV}[0].value: Expected `str | null`, got `int`",
    ),
    "a variable from the pod": (
        service({"env": [{"name": "A", "valueFrom": {"fieldRef": {}}}]}),
        S + f"{ENV}[0].valueFrom.fieldRef: " + UNOBEYED,
    ),
    "a volume mounted in part": (
        service({"volumeMounts": [{"name": "a", "mountPath": "/a", "subPath": "b"}]}),
        S + "spec.template.spec.containers[0].volumeMounts[0].subPath: " + UNOBEYED,
    ),
    "a variable given twice": (
        service({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}),
        S + f"{ENV}: A stands there twice: remove one",
    ),
    "a function that is no Python name": (
        service({"env": [{"name": "FUNCTION_TARGET", "value": "dead-letters"}]}),
        S + f"{ENV}: FUNCTION_TARGET='dead-letters' is no Python name",
    ),
    "ceOverrides on a PingSource": (
        ping(ceOverrides={}),
        P + "spec.ceOverrides: " + UNOBEYED,
    ),
    "data given twice": (
        ping(data="a", dataBase64="YQ=="),
        P + "spec.dataBase64: stands beside data: remove one of them",
    ),
    "data that is no base64": (ping(dataBase64="a"), P + "spec.dataBase64: is no base64"),
    "JSON data that is no object": (
        ping(contentType="application/json", data="[1]"),
        P + "spec.data: is no JSON object: correct it",
    ),
    "an unknown time zone": (
        ping(timezone="Europe/Atlantis"),
        P + "spec.timezone: 'Europe/Atlantis' is no time zone: use a name such as",
    ),
    "a PingSource to a Broker": (
        ping(sink=TO_BROKER),
        P + "spec.sink.ref: must be a Service of serving.knative.dev/v1",
    ),
    "a SinkBinding's selector": (
        binding(subject={"apiVersion": "apps/v1", "kind": "Deployment", "selector": {}}),
        B + "spec.subject.selector: " + UNOBEYED,
    ),
    "a SinkBinding of an unknown Service": (
        binding(subject=OTHER_SERVICE["ref"]),
        B + "spec.subject.name: kwery is in no manifest",
    ),
    "a SinkBinding of something else": (
        binding(subject=TO_BROKER["ref"]),
        B + "spec.subject: must be a Service of serving.knative.dev/v1",
    ),
    "a SinkBinding to a Service": (
        binding(sink=TO_QUERY),
        B + "spec.sink.ref: must be a Broker of eventing.knative.dev/v1",
    ),
    "a SinkBinding to an unknown Broker": (
        binding(sink={"ref": {**TO_BROKER["ref"], "name": "kafka"}}),
        B + "spec.sink.ref.name: kafka is in no manifest",
    ),
    "a SinkBinding to a uri": (
        binding(sink={"uri": "http://localhost"}),
        B + "spec.sink: must be a ref to a Broker alone",
    ),
}


@pytest.mark.parametrize(("document", "error"), REFUSED.values(), ids=REFUSED)
def test_refused(document: Document, error: str) -> None:
    others = [other for other in (BROKER, service()) if other["kind"] != document["kind"]]
    if document["kind"] == "Broker":
        others.append(BROKER)
    with pytest.raises(ManifestError) as refusal:
        parse_platform(pairs(*others, document))
    assert str(refusal.value).startswith(error)


def test_a_name_given_twice_is_refused_with_both_files() -> None:
    with pytest.raises(ManifestError) as refusal:
        parse_platform([("a.yaml", BROKER), ("b.yaml", BROKER)])
    text = "b.yaml: Broker default: metadata.name: is taken in a.yaml: rename one of them"
    assert str(refusal.value) == text
