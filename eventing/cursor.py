"""Opaque positions in a list: what a caller gets to go on from, and what it sends back."""

import base64
import json

from eventing.problem import BadRequest


class InvalidCursor(BadRequest):
    """The cursor is none that was given out here."""


def encode_cursor(*parts: str | int) -> str:
    """Pack the sort key of the last row seen."""
    packed = json.dumps(parts, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_text_cursor(cursor: str) -> tuple[str, str]:
    """Unpack a cursor of two texts."""
    match _unpack(cursor):
        case [str(first), str(second)] if _storable(first + second):
            return first, second
        case _:
            raise InvalidCursor


def decode_position(cursor: str) -> int:
    """Unpack a cursor of one position in a feed."""
    match _unpack(cursor):
        case [int(position)] if 0 <= position < 2**63 and not isinstance(position, bool):
            return position
        case _:
            raise InvalidCursor


def _unpack(cursor: str) -> object:
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        return json.loads(packed)
    except (ValueError, RecursionError):
        raise InvalidCursor from None


def _storable(text: str) -> bool:
    return text.isascii() and text.isprintable()
