"""Who may reach whom in a cluster that obeys NetworkPolicies: a table, judged as their API says."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from tests.kustomize import KNATIVE, Document, built

KEY = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Peer:
    """A pod, by its namespace and its labels; elsewhere it is an address outside the cluster."""

    namespace: str
    labels: tuple[tuple[str, str], ...] = ()


ELSEWHERE = Peer("")
GATEWAY, SERVING, EVENTING, STRANGER = map(
    Peer, ("kourier-system", "knative-serving", "knative-eventing", "default")
)
DNS = Peer("kube-system")


@cache
def documents() -> list[Document]:
    return built(KNATIVE / "overlays" / "local")


def pod(kind: str, name: str) -> Peer:
    [spec] = [
        each["spec"]
        for each in documents()
        if (each["kind"], each["metadata"]["name"]) == (kind, name)
    ]
    template = spec.get("jobTemplate", {}).get("spec", spec)["template"]
    return Peer("blog", tuple(template["metadata"]["labels"].items()))


def selects(selector: Document, labels: dict[str, str]) -> bool:
    exact = selector.get("matchLabels", {}).items() <= labels.items()
    return exact and all(
        each["operator"] == "In" and labels.get(each["key"]) in each["values"]
        for each in selector.get("matchExpressions", [])
    )


def is_meant(peer: Peer, entry: Document) -> bool:
    """Whether one entry of `from` or `to` names that peer."""
    namespace = (
        selects(entry["namespaceSelector"], {KEY: peer.namespace})
        if ("namespaceSelector" in entry)
        else peer.namespace == "blog"
    )
    return namespace and selects(entry.get("podSelector", {}), dict(peer.labels))


def permits(rule: Document, peer: Peer, port: int) -> bool:
    """Whether a rule lets that peer through; without `from` or `to` it lets everybody."""
    peers: list[Any] = rule.get("from") or rule.get("to") or []
    ports = [each["port"] for each in rule.get("ports", [])]
    return (not peers or any(is_meant(peer, entry) for entry in peers)) and (
        not ports or port in ports
    )


def lets(direction: str, at: Peer, other: Peer, port: int) -> bool:
    """What the policies of a pod say of one direction; a pod outside the namespace has none."""
    if at.namespace != "blog":
        return True
    policies = [each["spec"] for each in documents() if each["kind"] == "NetworkPolicy"]
    own = [
        each
        for each in policies
        if direction in each["policyTypes"] and selects(each["podSelector"], dict(at.labels))
    ]
    rules = [rule for each in own for rule in each.get(direction.lower(), [])]
    return not own or any(permits(rule, other, port) for rule in rules)


def reaches(client: Peer, server: Peer, port: int) -> bool:
    return lets("Egress", client, server, port) and lets("Ingress", server, client, port)


PODS = {
    "posts": ("Service", "posts"),
    "moderation": ("Service", "moderation"),
    "web": ("Service", "web"),
    "replay": ("CronJob", "query-replay"),
    "databases": ("Job", "databases"),
    "postgres": ("StatefulSet", "postgres"),
}
OTHERS = {
    "gateway": GATEWAY,
    "activator": SERVING,
    "broker": EVENTING,
    "stranger": STRANGER,
    "dns": DNS,
    "elsewhere": ELSEWHERE,
    "unlabelled": Peer("blog"),
}


def named(name: str) -> Peer:
    return OTHERS[name] if name in OTHERS else pod(*PODS[name])


@pytest.mark.parametrize(
    ("client", "server", "port"),
    [
        ("gateway", "posts", 8012),
        ("activator", "posts", 8012),
        ("activator", "posts", 9090),
        ("gateway", "web", 8012),
        ("posts", "postgres", 5432),
        ("replay", "postgres", 5432),
        ("databases", "postgres", 5432),
        ("posts", "broker", 8080),
        ("moderation", "gateway", 8081),
        ("replay", "gateway", 8081),
        ("web", "gateway", 8081),
        ("web", "dns", 53),
        ("posts", "dns", 53),
        ("posts", "elsewhere", 5432),
    ],
)
def test_whoever_has_to_reach_somebody_does(client: str, server: str, port: int) -> None:
    assert reaches(named(client), named(server), port)


@pytest.mark.parametrize(
    ("client", "server", "port"),
    [
        ("stranger", "posts", 8080),
        ("stranger", "web", 8080),
        ("stranger", "postgres", 5432),
        ("broker", "posts", 8080),
        ("elsewhere", "web", 8080),
        ("web", "posts", 8080),
        ("posts", "moderation", 8080),
        ("web", "postgres", 5432),
        ("gateway", "postgres", 5432),
        ("web", "broker", 8080),
        ("posts", "elsewhere", 443),
        ("web", "elsewhere", 443),
        ("posts", "stranger", 80),
        ("postgres", "elsewhere", 443),
        ("postgres", "posts", 8080),
        ("stranger", "unlabelled", 8080),
        ("unlabelled", "elsewhere", 443),
        ("unlabelled", "postgres", 5432),
    ],
)
def test_nobody_reaches_whom_they_need_not(client: str, server: str, port: int) -> None:
    assert not reaches(named(client), named(server), port)
