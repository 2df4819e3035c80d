"""Subscribers that an in-memory channel has kept of Triggers that are gone.

A Trigger's Subscription is entered into the channel's list. Each entry and removal replaces the
whole list, so when several Triggers go at once, one that was removed can come back; nothing removes
it then, as its Subscription is gone. The channel delivers every event to it, in vain, and each of
them becomes a dead letter of the Trigger that has the name now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from broker.cluster.conditions import Object, name_of
from broker.cluster.kubectl import ClusterRefused, every

CHANNELS = "inmemorychannels.messaging.knative.dev"
SUBSCRIPTIONS = "subscriptions.messaging.knative.dev"
# The webhook lets nobody else change a channel's subscribers, administrators included.
CONTROLLER = "system:serviceaccount:knative-eventing:eventing-controller"


@dataclass(frozen=True, slots=True)
class Stale:
    """A subscriber at a place in the list of a channel; `trigger` is the name that it had."""

    channel: str
    place: int
    uid: str
    trigger: str


def stale_subscribers(namespace: str) -> list[Stale]:
    """Those of all channels in the namespace; none where there are no in-memory channels."""
    try:
        channels = every(CHANNELS, namespace)
    except ClusterRefused as error:
        if "doesn't have a resource type" in error.message:
            return []
        raise
    # In this order: a Subscription is there before the channel knows of it.
    return list(stale(channels, every(SUBSCRIPTIONS, namespace), namespace))


def stale(
    channels: Iterable[Object], subscriptions: Iterable[Object], namespace: str
) -> Iterator[Stale]:
    """The subscribers of Triggers of the namespace that no Subscription stands for."""
    known = {one["metadata"]["uid"] for one in subscriptions}
    for channel in channels:
        for place, subscriber in enumerate(channel["spec"].get("subscribers", [])):
            trigger = _trigger(subscriber, namespace)
            if trigger is not None and subscriber["uid"] not in known:
                yield Stale(name_of(channel), place, subscriber["uid"], trigger)


def removing(one: Stale, namespace: str) -> list[str]:
    """What to tell kubectl so that the subscriber goes; refused if it has gone or moved."""
    at = f"/spec/subscribers/{one.place}"
    patch = (
        f'[{{"op": "test", "path": "{at}/uid", "value": "{one.uid}"}},'
        f' {{"op": "remove", "path": "{at}"}}]'
    )
    whom = ["-n", namespace, "--as", CONTROLLER]
    return ["patch", CHANNELS, one.channel, "--type", "json", "-p", patch, *whom]


def _trigger(subscriber: Mapping[str, Any], namespace: str) -> str | None:
    """The Trigger's name out of `…/triggers/NAMESPACE/NAME/UID`; None for any other subscriber."""
    parts: Sequence[str] = urlsplit(subscriber.get("subscriberUri", "")).path.split("/")
    return parts[3] if len(parts) == 5 and parts[1:3] == ["triggers", namespace] else None
