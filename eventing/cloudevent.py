"""One CloudEvent 1.0 and its two forms over HTTP (CloudEvents 1.0.2: HTTP binding, JSON format)."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_to_bytes

from eventing.attributes import OPTIONAL, REQUIRED, check, encode
from eventing.attributes import SPEC_VERSION as SPEC_VERSION  # noqa: PLC0414 - part of an event
from eventing.attributes import InvalidEvent as InvalidEvent  # noqa: PLC0414 - what reading raises
from eventing.strictjson import NotJSON, parse_json

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

_KNOWN = (*REQUIRED, *OPTIONAL)
_JSON_TYPE = re.compile(r"[^/;]+/([^/;]+\+)?json\s*(;.*)?", re.IGNORECASE)
_INT32 = range(-(2**31), 2**31)


class BatchRefused(InvalidEvent):
    """A batch of events was sent where one event is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudEvent:
    """A CloudEvent; `data` is the bytes as sent, extensions are in canonical string form."""

    id: str
    source: str
    type: str
    data: bytes = b""
    datacontenttype: str | None = None
    subject: str | None = None
    time: str | None = None
    dataschema: str | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)

    def attributes(self) -> dict[str, str]:
        """Every context attribute that is present, `specversion` and extensions included."""
        present = {name: value for name in _KNOWN if (value := getattr(self, name)) is not None}
        return {"specversion": SPEC_VERSION, **present, **self.extensions}

    def with_extensions(self, **changes: str | None) -> "CloudEvent":
        """The same event with these extensions set; None takes one away."""
        merged = {**self.extensions, **changes}
        kept = {name: value for name, value in merged.items() if value is not None}
        return replace(self, extensions=kept)


def is_event(headers: Mapping[str, str]) -> bool:
    """Whether an HTTP request or answer claims to carry one CloudEvent."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return "ce-specversion" in lowered or _media_type(lowered) == STRUCTURED


def read_event(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """Read one event in binary or structured mode; InvalidEvent says what is wrong."""
    lowered = {name.lower(): value for name, value in headers.items()}
    media_type = _media_type(lowered)
    if media_type == BATCH:
        raise BatchRefused("a batch of events is not accepted: send them one by one")
    if media_type == STRUCTURED:
        return _read_structured(body)
    if media_type.startswith("application/cloudevents"):
        raise InvalidEvent(f"event format {media_type} is not known: use {STRUCTURED}")
    return _read_binary(lowered, body)


def write_binary(event: CloudEvent) -> tuple[dict[str, str], bytes]:
    """HTTP headers and body of the event in binary mode."""
    attributes = event.attributes()
    content_type = attributes.pop("datacontenttype", None)
    headers = {f"ce-{name}": encode(value) for name, value in attributes.items()}
    if content_type is not None:
        headers["content-type"] = content_type
    return headers, event.data


def write_structured(event: CloudEvent) -> dict[str, object]:
    """The event as a JSON object (JSON format); data that is no JSON goes to `data_base64`."""
    attributes: dict[str, object] = dict(event.attributes())
    if not event.data:
        return attributes
    if is_json(event.datacontenttype):
        with suppress(NotJSON):  # although it says so: events are passed on as they are
            return {**attributes, "data": parse_json(event.data)}
    return {**attributes, "data_base64": base64.b64encode(event.data).decode()}


def is_json(content_type: str | None) -> bool:
    """Whether data of this content type is JSON; without one it is (JSON format, 3.1.1)."""
    return content_type is None or _JSON_TYPE.fullmatch(content_type) is not None


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").split(";")[0].strip().lower()


def _read_binary(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    if "ce-specversion" not in headers:
        raise InvalidEvent("no ce-specversion header and no CloudEvents content type")
    attributes = {
        name.removeprefix("ce-"): _decode_header(name, value)
        for name, value in headers.items()
        if name.startswith("ce-")
    }
    if "datacontenttype" in attributes:
        raise InvalidEvent("in binary mode datacontenttype is the Content-Type header")
    if content_type := headers.get("content-type"):
        attributes["datacontenttype"] = content_type
    return _build(attributes, body)


def _decode_header(name: str, value: str) -> str:
    if not value.isascii():
        raise InvalidEvent(f"{name} must be percent-encoded")
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    if "%" not in value:
        return value
    try:
        return unquote_to_bytes(value).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidEvent(f"{name} is not UTF-8") from None


def _read_structured(body: bytes) -> CloudEvent:
    try:
        members = parse_json(body)
    except NotJSON as error:
        raise InvalidEvent(f"the event is not JSON: {error}") from None
    if not isinstance(members, dict):
        raise InvalidEvent("the event is not a JSON object")
    data = _structured_data(members)
    attributes = {
        name: _canonical(name, value)
        for name, value in members.items()
        if name not in ("data", "data_base64") and value is not None
    }
    if data and "datacontenttype" not in attributes and "data_base64" not in members:
        attributes["datacontenttype"] = "application/json"
    return _build(attributes, data)


def _structured_data(members: Mapping[str, object]) -> bytes:
    if "data_base64" in members:
        if "data" in members:
            raise InvalidEvent("data and data_base64 exclude each other")
        return _decode_base64(members["data_base64"])
    if "data" not in members:
        return b""
    data, content_type = members["data"], members.get("datacontenttype")
    if isinstance(data, str) and isinstance(content_type, str) and not is_json(content_type):
        return data.encode("utf-8", "surrogatepass")
    return json.dumps(data, separators=(",", ":")).encode()


def _decode_base64(value: object) -> bytes:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else _no_base64()
    except binascii.Error:
        return _no_base64()


def _no_base64() -> bytes:
    raise InvalidEvent("data_base64 is not base64")


def _canonical(name: str, value: object) -> str:
    """The canonical string form of an attribute (CloudEvents 1.0.2, type system)."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() if value in _INT32:
            return str(value)
        case str():
            return value
        case _:
            raise InvalidEvent(f"attribute {name!r} is neither string, boolean nor 32-bit integer")


def _build(attributes: dict[str, str], data: bytes) -> CloudEvent:
    check(attributes)
    attributes.pop("specversion")
    known = {name: attributes.pop(name) for name in _KNOWN if name in attributes}
    return CloudEvent(**known, data=data, extensions=attributes)
