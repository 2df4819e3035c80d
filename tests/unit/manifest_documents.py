"""Small manifests for tests: each a function of what the test is about."""

from typing import Any

Document = dict[str, Any]

BROKER: Document = {
    "apiVersion": "eventing.knative.dev/v1",
    "kind": "Broker",
    "metadata": {"name": "default"},
}


def to(service: str) -> Document:
    return {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": service}}


def to_broker(name: str) -> Document:
    return {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": name}}


TO_QUERY = to("query")
TO_BROKER = to_broker("default")


def service(container: Document | None = None, **metadata: Any) -> Document:
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": "query", **metadata},
        "spec": {"template": {"spec": {"containers": [container or {}]}}},
    }


def trigger(**spec: Any) -> Document:
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": {"name": "query-posts"},
        "spec": {"broker": "default", "subscriber": TO_QUERY, **spec},
    }


def ping(**spec: Any) -> Document:
    return {
        "apiVersion": "sources.knative.dev/v1",
        "kind": "PingSource",
        "metadata": {"name": "query"},
        "spec": {"schedule": "*/15 * * * *", "sink": TO_QUERY, **spec},
    }


def binding(**spec: Any) -> Document:
    return {
        "apiVersion": "sources.knative.dev/v1",
        "kind": "SinkBinding",
        "metadata": {"name": "query"},
        "spec": {"subject": TO_QUERY["ref"], "sink": TO_BROKER, **spec},
    }


def named(document: Document, **metadata: Any) -> Document:
    return {**document, "metadata": {**document["metadata"], **metadata}}


def pairs(*documents: Document) -> list[tuple[str, Document]]:
    return [("x.yaml", document) for document in documents]
