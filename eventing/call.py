"""One HTTP request as a function sees it, read whole and within bounds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge

from eventing.cause import Cause
from eventing.problem import BadRequest, Fault, Invalid, TooLarge, UnsupportedMediaType
from eventing.strictjson import NotJSON, parse_json

REQUEST_LIMIT = 256 * 1024  # bytes
EVENT_LIMIT = 1024 * 1024  # bytes; JSON may need six for one character of a text

_LIMIT = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Call:
    """A request: `path` without /api, header names in any case, the first value of a parameter."""

    method: str
    path: str
    headers: Headers
    query: Mapping[str, str]
    cause: Cause
    content: bytes | None
    notes: dict[str, object] = field(default_factory=dict)
    """What the call's log line should also say; never a text that somebody wrote."""

    @property
    def body(self) -> bytes:
        """The bytes sent; TooLarge when they were more than the limit, and so not read."""
        if self.content is None:
            raise TooLarge
        return self.content

    def document(self) -> dict[str, object]:
        """The body as a JSON object; 415, 400 or 422 when it is none."""
        media_type = self.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMediaType("Send application/json.")
        try:
            value = parse_json(self.body)
        except NotJSON as error:
            raise BadRequest(f"The body is not JSON: {error}.") from None
        if not isinstance(value, dict):
            raise Invalid([Fault("", "must be an object")])
        return value

    def limit(self, default: int, most: int) -> int:
        """The query parameter `limit`."""
        text = self.query.get("limit")
        if text is None:
            return default
        if not _LIMIT.fullmatch(text) or not 1 <= int(text) <= most:
            raise Invalid([Fault("#/limit", f"must be a whole number from 1 to {most}")])
        return int(text)


def read_call(request: Request) -> Call:
    """Read a request, but never more than the limit into memory."""
    request.max_content_length = EVENT_LIMIT if request.path == "/" else REQUEST_LIMIT
    try:
        content = request.get_data()
    except RequestEntityTooLarge:
        content = None
    return Call(
        request.method,
        request.path,
        request.headers,
        request.args,
        Cause.of_request(request.headers),
        content,
    )
