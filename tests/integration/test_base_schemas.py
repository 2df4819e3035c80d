"""knative/base against the types of Knative and Kubernetes, as strictly as an API server.

Each way of misspelling a field is checked beside the real objects: what the types refuse there
is what they would refuse in the manifests.
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from broker.manifests import cluster, load_platform
from tests.kustomize import KNATIVE, Document, Errors, built, schema_errors

BASE = KNATIVE / "base"


def _objects() -> dict[str, Document]:
    files = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
    own = (BASE / file for file in files if (BASE / file).is_file())
    documents = (each for file in own for each in yaml.safe_load_all(file.read_text()))
    return {f"{each['kind']} {each['metadata']['name']}": each for each in documents}


OBJECTS = _objects()

BROKEN: dict[str, tuple[str, str, object]] = {
    "Namespace": ("Namespace blog", "metadata.label", {}),
    "Broker": ("Broker default", "spec.deliveries", {}),
    "Broker delivery": ("Broker default", "spec.delivery.retries", 1),
    "Service": ("Service posts", "spec.templates", {}),
    "Service metadata": ("Service posts", "metadata.label", {}),
    "Service template": ("Service posts", "spec.template.specs", {}),
    "Service pod": ("Service posts", "spec.template.spec.containersConcurrency", 2),
    "Service container": ("Service posts", "spec.template.spec.containers.0.imag", "posts"),
    "Service env": ("Service posts", "spec.template.spec.containers.0.env.0.valu", "posts"),
    "Service secret": (
        "Service posts",
        "spec.template.spec.containers.0.env.1.valueFrom.secretKeyRef.keys",
        "url",
    ),
    "Service security": (
        "Service posts",
        "spec.template.spec.containers.0.securityContext.runAsNonroot",
        True,
    ),
    "Service number": ("Service posts", "spec.template.spec.containerConcurrency", "50"),
    "Service version": ("Service posts", "apiVersion", "serving.knative.dev/v2"),
    "Trigger": ("Trigger query-post-created", "spec.brokr", "default"),
    "Trigger filter": ("Trigger query-post-created", "spec.filters.0.exactly", {"type": "a"}),
    "Trigger filters as a map": ("Trigger query-post-created", "spec.filters", {"exact": {}}),
    "Trigger subscriber": ("Trigger query-post-created", "spec.subscriber.url", "http://a"),
    "Trigger ref": ("Trigger query-post-created", "spec.subscriber.ref.names", "query"),
    "Trigger delivery": ("Trigger query-post-created", "spec.delivery.backoffdelay", "PT1S"),
    "Trigger retry": ("Trigger query-post-created", "spec.delivery.retry", 1.5),
    "CronJob": ("CronJob query-replay", "spec.scedule", "* * * * *"),
    "CronJob pod": (
        "CronJob query-replay",
        "spec.jobTemplate.spec.template.spec.restartpolicy",
        "Never",
    ),
    "EventType": ("EventType post-created", "spec.describe", "a"),
    "EventType attribute": ("EventType post-created", "spec.attributes.0.requires", True),
    "NetworkPolicy": ("NetworkPolicy nobody", "spec.podSelectors", {}),
    "NetworkPolicy from": ("NetworkPolicy from-knative", "spec.ingress.0.form", []),
    "PingSource": ("PingSource posts", "spec.scedule", "* * * * *"),
    "PingSource sink": ("PingSource posts", "spec.sink.uris", "http://a"),
    "SinkBinding": ("SinkBinding posts", "spec.subjects", {}),
    "SinkBinding subject": ("SinkBinding posts", "spec.subject.names", "posts"),
}


def _broken(name: str, path: str, value: object) -> Document:
    """The object with one field set; the path's last step may be new, the others need not be."""
    document = copy.deepcopy(OBJECTS[name])
    at: Any = document
    *steps, last = path.split(".")
    for step in steps:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    at[last] = value
    return document


def _left_to_cluster(left: cluster.Left, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, below in left.items():
        if below is cluster.WHOLE:
            yield (*path, key)
        else:
            yield from _left_to_cluster(below, (*path, key))


def _only(path: tuple[str, ...], kind: tuple[str, str]) -> Document:
    """An object of that kind with nothing but this one field, empty."""
    value: object = {}
    for key in reversed(path):
        value = {key: [value] if key in ("containers", "env", "volumeMounts") else value}
    assert isinstance(value, dict)
    return {"apiVersion": kind[0], "kind": kind[1], "metadata": {"name": "a"}} | value


LEFT = {
    f"{kind[1]} {'.'.join(path)}": _only(path, kind)
    for kind, left in cluster.FIELDS.items()
    for path in _left_to_cluster(left)
}


@pytest.fixture(scope="module")
def errors() -> Errors:
    """What the types say of every object: the real ones, the broken ones and the lone fields."""
    broken = {f"broken {label}": _broken(*change) for label, change in BROKEN.items()}
    return schema_errors(OBJECTS | broken | LEFT)


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_of_base_is_valid(name: str, errors: Errors) -> None:
    assert errors[name] == []


@pytest.mark.parametrize("label", BROKEN)
def test_a_misspelt_field_is_refused(label: str, errors: Errors) -> None:
    assert errors[f"broken {label}"]


@pytest.mark.parametrize("field", LEFT)
def test_what_is_left_to_a_cluster_is_a_real_field(field: str, errors: Errors) -> None:
    assert not [error for error in errors[field] if "does not exist in type" in error]


def test_every_kind_of_base_has_a_misspelling() -> None:
    assert {name.split()[0] for name, *_ in BROKEN.values()} == {
        name.split()[0] for name in OBJECTS
    }


def test_kubectl_builds_what_the_local_platform_reads() -> None:
    documents = built(BASE)
    made = {f"{each['kind']} {each['metadata']['name']}" for each in documents}
    assert {name for name in made if not name.startswith("ConfigMap words-")} == set(OBJECTS)
    inside = [each for each in documents if each["kind"] != "Namespace"]
    assert {each["metadata"]["namespace"] for each in inside} == {load_platform(BASE).namespace}
