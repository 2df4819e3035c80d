"""One HTTP request as a function sees it, read whole and within bounds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request

from eventing.cause import Cause
from eventing.problem import BadRequest, Fault, Invalid, Refused, TooLarge, UnsupportedMediaType
from eventing.strictjson import NotJSON, parse_json

REQUEST_LIMIT = 256 * 1024  # bytes
EVENT_LIMIT = 1024 * 1024  # bytes; JSON may need six for one character of a text

BODY = "eventing.body"
"""Where a server that has read the body, whole or a beginning beyond any limit, leaves it."""

_LIMIT = re.compile(r"[0-9]{1,6}")
_ANNOUNCED = {"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"}  # one of them comes with every body


@dataclass(frozen=True, slots=True)
class Call:
    """A request: `path` without /api, header names in any case, the first value of a parameter."""

    method: str
    path: str
    headers: Headers
    query: Mapping[str, str]
    cause: Cause
    content: bytes | Refused
    notes: dict[str, object] = field(default_factory=dict)
    """What the call's log line should also say; never a text that somebody wrote."""
    peer: str = ""

    @property
    def address(self) -> str:
        """Whose request it is: the ingress tells, which alone knows; else whoever connected."""
        return self.headers.get("X-Client-Address") or self.peer

    @property
    def body(self) -> bytes:
        """The bytes sent; raises why there are none to be had: compressed, too long, broken off."""
        if isinstance(self.content, Refused):
            raise self.content
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
    takes_event = request.path == "/" or request.path.startswith("/dead/")
    content = _content(request, EVENT_LIMIT if takes_event else REQUEST_LIMIT)
    return Call(
        request.method,
        request.path,
        request.headers,
        request.args,
        Cause.of_request(request.headers),
        content,
        peer=request.remote_addr or "",
    )


def _content(request: Request, limit: int) -> bytes | Refused:
    if not request.environ.keys() & _ANNOUNCED:
        return b""  # as RFC 9112 has it (6.3); asking werkzeug costs more than routing the request
    if request.headers.get("Content-Encoding", "").strip():
        return _encoded()
    if (whole := request.environ.get(BODY)) is not None:
        return whole if len(whole) <= limit else _too_large(limit)
    # One more than may come: werkzeug cuts a body without a length off there and says nothing.
    request.max_content_length = limit + 1
    try:
        content = request.get_data()
    except RequestEntityTooLarge:
        return _too_large(limit)
    except Exception as error:  # each server has its own for chunks that are none
        return BadRequest(f"The body could not be read: {type(error).__name__}.")
    if len(content) > limit:
        return _too_large(limit)
    if len(content) < (request.content_length or 0):
        return BadRequest("The body is shorter than its Content-Length.")
    return content


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The request is larger than {limit // 1024} KiB.")


def _encoded() -> UnsupportedMediaType:
    # What may come instead is told (RFC 9110, 15.5.16).
    headers = {"Accept-Encoding": "identity"}
    return UnsupportedMediaType("Send it without a Content-Encoding.", headers=headers)
