"""JSON as RFC 8259 has it: what Python's own parser lets through is refused here."""

import json
from typing import Never


class NotJSON(ValueError):
    """The text is not JSON in UTF-8."""


def parse_json(body: bytes) -> object:
    """Parse one JSON value; NaN, Infinity, bad UTF-8 and absurd depth or digits raise NotJSON."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotJSON(_reason(error)) from None


def _refuse_constant(name: str) -> Never:
    raise NotJSON(f"{name} is no JSON value")


def _reason(error: ValueError | RecursionError) -> str:
    match error:
        case UnicodeDecodeError():
            return f"not UTF-8 at byte {error.start}"
        case json.JSONDecodeError():
            return f"{error.msg} at line {error.lineno}, column {error.colno}"
        case RecursionError():
            return "nested too deeply"
        case NotJSON():
            return str(error)
        case _:
            return "a number has too many digits"
