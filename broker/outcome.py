"""What a subscriber's answer means: Knative's status table as pure functions.

Changes when Knative's does (knative/eventing `pkg/kncloudevents/retries.go`,
`event_dispatcher.go`, `pkg/broker/filter/filter_handler.go`).
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from broker.arrival import SIZE_LIMIT
from broker.manifests import DeliverySpec
from eventing.cloudevent import SPEC_VERSION, CloudEvent, InvalidEvent, is_event, read_event
from eventing.strictjson import NotJSON, parse_json

ERROR_DATA_LENGTH = 1_024
"""`knativeerrordata` is cut at this many characters of base64."""

LONGEST_DOUBLING = 32
"""Doublings after which a pause grows no more: it lasts longer than any machine runs."""

_RETRIED_4XX = frozenset({
    404,  # a pod that is not ready yet
    408,
    409,  # "still being processed"
    429,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The attempt ended without one: after the time-out, or by an error of the network."""

    reason: str
    timed_out: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """The event was taken, with nothing to say."""


@dataclass(frozen=True, slots=True)
class Replied:
    """The event was taken, and this reply is a new event; the answer's headers came with it."""

    event: CloudEvent
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt failed; `code` is None where a dead letter tells no error extensions."""

    reason: str
    retried: bool
    code: int | None
    data: str = ""


@dataclass(frozen=True, slots=True)
class ReplyRefused:
    """The reply is no event that the ingress takes: so it answers `status`."""

    status: int
    reason: str


def judge_subscriber(result: Answer | NoAnswer) -> Accepted | Replied | Failed | ReplyRefused:
    """What to make of an attempt at a subscriber."""
    if isinstance(result, Answer) and 200 <= result.status < 300:
        return _judge_success(result)
    return _judge_failure(result)


def judge_sink(result: Answer | NoAnswer) -> Accepted | Failed:
    """What to make of an attempt at a dead letter sink: any 2xx takes it, whatever the body."""
    if isinstance(result, Answer) and 200 <= result.status < 300:
        return Accepted()
    return _judge_failure(result)


def is_retried(status: int) -> bool:
    """Whether an attempt answered with this status is made again."""
    return status >= 500 or status in _RETRIED_4XX


def pause_before_retry(spec: DeliverySpec, failed: int) -> float:
    """Seconds to wait after so many failed attempts; a linear policy retries once at once."""
    if spec.backoff_policy == "linear":
        return spec.backoff_delay * (failed - 1)
    return spec.backoff_delay * float(2 ** min(failed - 1, LONGEST_DOUBLING))


def _judge_success(answer: Answer) -> Accepted | Replied | Failed | ReplyRefused:
    if not _claims_event(answer):
        if not answer.body:
            return Accepted()
        reason = f"answered {answer.status} with a body that is no CloudEvent"
        return Failed(reason, retried=True, code=None)
    if len(answer.body) > SIZE_LIMIT:
        return ReplyRefused(413, f"answered {answer.status} with a reply above {SIZE_LIMIT} bytes")
    try:
        return Replied(read_event(answer.headers, answer.body), answer.headers)
    except InvalidEvent as error:
        return _judge_bad_event(answer, str(error))


def _claims_event(answer: Answer) -> bool:
    """An unknown specversion claims nothing."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    version = headers.get("ce-specversion", SPEC_VERSION)
    return is_event(answer.headers) and version == SPEC_VERSION


def _judge_bad_event(answer: Answer, reason: str) -> Failed | ReplyRefused:
    """What cannot be parsed is refused by the broker's filter; what is not valid by its ingress."""
    said = f"answered {answer.status} with a reply that is no valid event: {reason}"
    if "ce-specversion" in {name.lower() for name in answer.headers}:
        return ReplyRefused(400, said)
    try:
        parsed = parse_json(answer.body)
    except NotJSON:
        parsed = None
    if isinstance(parsed, dict) and parsed.get("specversion") == SPEC_VERSION:
        return ReplyRefused(400, said)
    return Failed(said, retried=True, code=None)


def _judge_failure(result: Answer | NoAnswer) -> Failed:
    match result:
        case NoAnswer(reason, timed_out=True):
            return Failed(reason, retried=True, code=None)
        case NoAnswer(reason):
            return Failed(reason, retried=True, code=500, data=encode_error(reason.encode()))
        case Answer(304):  # it can carry no body, in which Knative's filter would tell the rest
            return Failed("answered 304", retried=False, code=None)
        case Answer(status, _, body):
            data = encode_error(body)
            return Failed(f"answered {status}", is_retried(status), status, data)


def encode_error(body: bytes) -> str:
    """The start of a body as `knativeerrordata` carries it."""
    whole_groups = ERROR_DATA_LENGTH * 3 // 4
    return base64.b64encode(body[:whole_groups]).decode()
