"""JSON as RFC 8259 has it: what Python's own parser lets through is refused here."""

import json
import math
from collections.abc import Iterable
from typing import Never

import msgspec

# Far below the end of Python's stack, so that what was read can be walked and written again.
DEEPEST = 64
_TOO_DEEP = f"nested deeper than {DEEPEST} levels"


class NotJSON(ValueError):
    """The text is not JSON in UTF-8."""


def parse_json(body: bytes) -> object:
    """Parse one JSON value; NaN, Infinity, bad UTF-8 and absurd depth or numbers raise NotJSON.

    A byte order mark before it is skipped, as RFC 8259 (8.1) allows: editors on Windows write one.
    """
    try:
        text = body.decode("utf-8").removeprefix("\ufeff")
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise NotJSON(_reason(error)) from None
    # Most texts have fewer brackets than that, and counting them is quicker than a walk.
    if text.count("[") + text.count("{") >= DEEPEST and _is_deep(value):
        raise NotJSON(_TOO_DEEP)
    return value


def is_intact(text: str) -> bool:
    """Whether what was kept as JSON still is: a damaged disk can make it otherwise."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except ValueError:
        return False
    return True


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: object) -> Iterable[object]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()


def _refuse_constant(name: str) -> Never:
    raise NotJSON(f"{name} is no JSON value")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):  # written again it would be Infinity, which is no JSON
        raise NotJSON("a number is too large")
    return number


def _reason(error: ValueError | RecursionError) -> str:
    match error:
        case UnicodeDecodeError():
            return f"not UTF-8 at byte {error.start}"
        case json.JSONDecodeError():
            return f"{error.msg} at line {error.lineno}, column {error.colno}"
        case RecursionError():
            return _TOO_DEEP
        case NotJSON():
            return str(error)
        case _:
            return "a number has too many digits"
