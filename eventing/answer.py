"""What a function answers: status, headers and a body that is ready to send."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from werkzeug.http import parse_etags

JSON = "application/json"
PROBLEM = "application/problem+json"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # not made each time


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `body` is text in UTF-8, of `content_type` unless it is empty."""

    status: int = 200
    body: str = ""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(
    document: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer with `document` as JSON."""
    return Answer(status, to_json(document), headers=headers or {})


def to_json(document: object) -> str:
    """Compact JSON; any text but lone surrogates comes back as it was."""
    return _encode(document)


def tagged(answer: Answer) -> Answer:
    """The answer with a weak ETag."""
    # Of the hashes in every Python the quickest by far where the processor knows it.
    digest = hashlib.sha256(answer.body.encode()).hexdigest()[:18]
    return replace(answer, headers={**answer.headers, "ETag": f'W/"{digest}"'})


def unless_known(answer: Answer, if_none_match: str | None) -> Answer:
    """The tagged answer, or 304 when the caller has it already (RFC 9110, 13.1.2)."""
    if if_none_match and parse_etags(if_none_match).contains_raw(answer.headers["ETag"]):
        return Answer(304, headers=answer.headers)
    return answer
