"""Objects as Knative shows them through kubectl, in the states that it was seen in."""

from typing import Any
from uuid import uuid4

from broker.manifests import load_platform
from broker.runner.settings import Settings

Object = dict[str, Any]

PLATFORM = load_platform(Settings().manifests)
BROKER_URL = "http://broker-ingress.knative-eventing.svc.cluster.local/blog/default"
READY = {"type": "Ready", "status": "True"}


def an(kind: str, name: str, spec: Object | None = None, **status: Any) -> Object:
    metadata = {"name": name, "uid": uuid4().hex, "generation": 1}
    told = {"conditions": [READY], "observedGeneration": 1, **status}
    return {"kind": kind, "metadata": metadata, "spec": spec or {}, "status": told}


def unready(one: Object, reason: str, message: str = "") -> Object:
    """The object with a condition that is not so."""
    because = {"status": "False", "reason": reason, "message": message}
    one["status"]["conditions"] = [
        {"type": "Ready", **because},
        {"type": "SinkProvided", **because},
    ]
    return one


def broker(name: str = "default") -> Object:
    return an("Broker", name, address={"url": BROKER_URL})


def binding(name: str) -> Object:
    sink = {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default"}}
    spec = {"subject": {"kind": "Service", "name": name}, "sink": sink}
    return an("SinkBinding", name, spec, sinkUri=BROKER_URL)


def trigger(name: str, kind: str = "PostCreated", subscriber: str = "query") -> Object:
    ref = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": subscriber}
    exact = {"type": f"{kind} for {name}", "source": "/posts"}
    spec = {"broker": "default", "filters": [{"exact": exact}], "subscriber": {"ref": ref}}
    return an("Trigger", name, spec)


def subscriber(of: Object) -> tuple[Object, Object]:
    """A Trigger's Subscription, and what the Broker's channel has of it."""
    name, uid = of["metadata"]["name"], of["metadata"]["uid"]
    subscription = an("Subscription", f"default-{name}-{uid}")
    uri = f"http://broker-filter.knative-eventing.svc.cluster.local/triggers/blog/{name}/{uid}"
    kept = {
        "uid": subscription["metadata"]["uid"],
        "generation": 1,
        "subscriberUri": uri,
        "replyUri": BROKER_URL,
        "delivery": {"deadLetterSink": {"uri": f"http://dead-letters.blog/dead/{name}"}},
    }
    return subscription, kept


def channel(*subscribers: Object) -> Object:
    return an("InMemoryChannel", "default-kne-trigger", {"subscribers": list(subscribers)})


def deployed() -> dict[str, list[Object]]:
    """The whole blog as it is when all is well, by the name of the kind in kubectl."""
    triggers = [trigger(each.name) for each in PLATFORM.triggers]
    pairs = [subscriber(each) for each in triggers]
    return {
        "services.serving.knative.dev": [an("Service", one.name) for one in PLATFORM.services],
        "triggers.eventing.knative.dev": triggers,
        "brokers.eventing.knative.dev": [broker()],
        "sinkbindings.sources.knative.dev": [
            binding(one.name) for one in PLATFORM.services if one.publishes
        ],
        "pingsources.sources.knative.dev": [an("PingSource", one.name) for one in PLATFORM.pings],
        "pods": [],
        "inmemorychannels.messaging.knative.dev": [channel(*(kept for _, kept in pairs))],
        "subscriptions.messaging.knative.dev": [subscription for subscription, _ in pairs],
    }
