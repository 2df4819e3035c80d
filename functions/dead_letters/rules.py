"""What is kept of a dead letter, what is sent of it again, and what is shown of it."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eventing.cloudevent import CloudEvent, write_structured
from eventing.settings import Misconfigured
from eventing.strictjson import NotJSON, parse_json
from functions.dead_letters.failure import Failure, of_extensions
from functions.events import POST_DELETED, POSTS

POST_IS_DELETED = "its post has been deleted"

_ERROR = ("knativeerrordest", "knativeerrorcode", "knativeerrordata")
_ID = re.compile(r"[!-~]{1,64}")


class SubscribersUnreadable(Misconfigured):
    """SUBSCRIBERS must have a line for each Trigger: its name and its subscriber's URL."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An event that a Trigger's subscriber did not take.

    One that was `refused` for good waits for a person, and is only seldom tried again by itself;
    a discarded one never is.
    """

    id: str
    trigger: str
    post_id: str
    event: CloudEvent
    error_dest: str | None
    failure: Failure
    first_at: str
    last_at: str
    failures: int = 1
    refused: bool = False
    turn: int | None = 0
    discarded: str | None = None


def receive(event: CloudEvent, trigger: str, now: str, *, known: bool) -> Letter:
    """The dead letter of a Trigger, the first time it comes.

    One whose Trigger is not `known` has its turn when that is.
    """
    failure = of_extensions(event.extensions)
    return Letter(
        id=identify(trigger, event.source, event.id),
        trigger=trigger,
        post_id=post_of(event),
        event=event.with_extensions(**dict.fromkeys(_ERROR)),
        error_dest=event.extensions.get("knativeerrordest"),
        failure=failure,
        first_at=now,
        last_at=now,
        refused=not failure.passes,
        turn=0 if failure.passes or not known else None,
    )


def identify(*parts: str) -> str:
    """One id for one event that missed one subscriber, however often it comes."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def post_of(event: CloudEvent) -> str:
    """The post whose texts the event holds; `PostDeleted` holds none, and must outlive the post."""
    if (event.source, event.type) == (POST_DELETED.source, POST_DELETED.type):
        return ""
    data = _members(event.data)
    own = data.get("id") if event.source == POSTS else None
    return _first_id((data.get("postId"), own, event.extensions.get("partitionkey")))


def again(event: CloudEvent) -> CloudEvent:
    """The event as its source sent it: without what brokers have added."""
    added = [name for name in event.extensions if name.startswith("knative")]
    return event.with_extensions(**dict.fromkeys(added))


def read_subscribers(text: str) -> Mapping[str, str]:
    """SUBSCRIBERS: a line for each Trigger, its name and its subscriber's URL."""
    try:
        return dict(line.split() for line in text.splitlines())
    except ValueError:
        raise SubscribersUnreadable from None


def listed(letter: Letter, subscriber: str | None, next_attempt: float | None) -> dict[str, object]:
    """The letter as JSON, without the event's data.

    `next_attempt` at its `subscriber` is in seconds from now.
    """
    by_itself = letter.discarded is None and letter.turn is not None and subscriber is not None
    return {
        "id": letter.id,
        "trigger": letter.trigger,
        "subscriber": subscriber,
        "knativeerrordest": letter.error_dest,
        "reason": letter.failure.reason if subscriber else no_trigger(letter.trigger),
        "said": letter.failure.said,
        "firstAt": letter.first_at,
        "lastAt": letter.last_at,
        "failures": letter.failures,
        "waitsForPerson": letter.discarded is None and (letter.refused or subscriber is None),
        "nextAttemptIn": next_attempt if by_itself else None,
        "discarded": letter.discarded,
        "event": letter.event.attributes(),
    }


def shown(letter: Letter, subscriber: str | None, next_attempt: float | None) -> dict[str, object]:
    """The letter as JSON with the whole event, in the JSON format as far as its data is JSON."""
    return {**listed(letter, subscriber, next_attempt), "event": write_structured(letter.event)}


def no_trigger(name: str) -> str:
    """Why a letter cannot be delivered until its Trigger is back."""
    return f"no manifest has a Trigger {name}"


def _members(data: bytes) -> Mapping[str, object]:
    try:
        value = parse_json(data)
    except NotJSON:
        return {}
    return value if isinstance(value, dict) else {}


def _first_id(candidates: Iterable[object]) -> str:
    fit = (text for text in candidates if isinstance(text, str) and _ID.fullmatch(text))
    return next(fit, "")
