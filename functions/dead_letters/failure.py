"""Why a subscriber did not take an event, and whether time can heal that."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

SAID_LIMIT = 500  # characters shown of an answer

_NO_ANSWER = "gave no answer that the broker could take"  # then no error extensions are sent
_STATUS = re.compile(r"[1-5][0-9][0-9]")
_PASSING_4XX = frozenset({
    404,  # a pod that is not ready yet, or a route that has not been made yet
    408,
    429,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a subscriber did not take an event: in short, and in its own words.

    `passes`: time can heal it. `answered`: the subscriber was there, so another event may fare
    better.
    """

    reason: str
    said: str = ""
    passes: bool = True
    answered: bool = True


def of_answer(status: int, body: bytes) -> Failure:
    """An answer that is no success."""
    said = " ".join(body.decode(errors="replace").replace("\0", "").split())
    return Failure(f"answered {status}", said[:SAID_LIMIT], passes=_passes(status))


def of_extensions(extensions: Mapping[str, str]) -> Failure:
    """What the broker says in a dead letter's error extensions; without a code it may pass."""
    code = extensions.get("knativeerrorcode", "")
    if not _STATUS.fullmatch(code):
        return Failure(_NO_ANSWER)
    try:
        body = base64.b64decode(extensions.get("knativeerrordata", ""))
    except binascii.Error:
        body = b""
    return of_answer(int(code), body)


def _passes(status: int) -> bool:
    """A redirect or a refusal stays what it is until somebody changes something."""
    return not 300 <= status < 500 or status in _PASSING_4XX
