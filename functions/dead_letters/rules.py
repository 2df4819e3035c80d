"""What is kept of a dead letter, what is sent of it again, and what is shown of it."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from eventing.cloudevent import CloudEvent, write_structured
from eventing.settings import Misconfigured
from eventing.strictjson import NotJSON, parse_json
from functions.events import POST_DELETED, POSTS

SAID_LIMIT = 500  # characters shown of an answer
POST_IS_DELETED = "its post has been deleted"

_NO_ANSWER = "gave no answer that the broker could take"  # then no error extensions are sent
_ERROR = ("knativeerrordest", "knativeerrorcode", "knativeerrordata")
_ID = re.compile(r"[!-~]{1,64}")


class SubscribersUnreadable(Misconfigured):
    """SUBSCRIBERS must have a line for each Trigger: its name and its subscriber's URL."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a subscriber did not take an event: in short, and in its own words."""

    reason: str
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An event that a Trigger's subscriber did not take; nobody delivers a discarded one."""

    id: str
    trigger: str
    post_id: str
    event: CloudEvent
    error_dest: str | None
    failure: Failure
    first_at: str
    last_at: str
    failures: int = 1
    discarded: str | None = None


def receive(event: CloudEvent, trigger: str, now: str) -> Letter:
    """The dead letter of a Trigger, the first time it comes."""
    return Letter(
        id=identify(trigger, event.source, event.id),
        trigger=trigger,
        post_id=post_of(event),
        event=event.with_extensions(**dict.fromkeys(_ERROR)),
        error_dest=event.extensions.get("knativeerrordest"),
        failure=_failure(event.extensions),
        first_at=now,
        last_at=now,
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


def failed(status: int, body: bytes) -> Failure:
    """An answer that is no success."""
    said = " ".join(body.decode(errors="replace").replace("\0", "").split())
    return Failure(f"answered {status}", said[:SAID_LIMIT])


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


def listed(letter: Letter, subscribers: Mapping[str, str]) -> dict[str, object]:
    """The letter as JSON, without the event's data."""
    return {
        "id": letter.id,
        "trigger": letter.trigger,
        "subscriber": subscribers.get(letter.trigger),
        "knativeerrordest": letter.error_dest,
        **asdict(letter.failure),
        "firstAt": letter.first_at,
        "lastAt": letter.last_at,
        "failures": letter.failures,
        "discarded": letter.discarded,
        "event": letter.event.attributes(),
    }


def shown(letter: Letter, subscribers: Mapping[str, str]) -> dict[str, object]:
    """The letter as JSON with the whole event, in the JSON format as far as its data is JSON."""
    return {**listed(letter, subscribers), "event": write_structured(letter.event)}


def _failure(extensions: Mapping[str, str]) -> Failure:
    code = extensions.get("knativeerrorcode", "")
    if not code.isdecimal():
        return Failure(_NO_ANSWER)
    try:
        body = base64.b64decode(extensions.get("knativeerrordata", ""))
    except binascii.Error:
        body = b""
    return failed(int(code), body)


def _members(data: bytes) -> Mapping[str, object]:
    try:
        value = parse_json(data)
    except NotJSON:
        return {}
    return value if isinstance(value, dict) else {}


def _first_id(candidates: Iterable[object]) -> str:
    fit = (text for text in candidates if isinstance(text, str) and _ID.fullmatch(text))
    return next(fit, "")
