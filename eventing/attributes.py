"""What a CloudEvent's attributes may be, and their form in a header; changes with the standard."""

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

SPEC_VERSION = "1.0"
REQUIRED = ("id", "source", "type")
OPTIONAL = ("subject", "time", "dataschema", "datacontenttype")

_MANDATORY = ("specversion", *REQUIRED)
_NAME = re.compile(r"[a-z0-9]+")
_SPACE = re.compile(r"\s")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HEADER_TEXT = re.compile(r"[!-~]+( +[!-~]+)*")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
# What servers take in one header, and how many (gunicorn 8,190 and 100): more cannot be sent on.
_LONGEST = 8_000
_EXPANSION = 12  # characters for one, at most: four bytes, each as %XX
_MOST = 80
_HEADER_SAFE = "".join(chr(c) for c in range(0x21, 0x7F) if chr(c) not in '"%')
_PLAIN = re.compile(f"[{re.escape(_HEADER_SAFE)}]*")


class InvalidEvent(ValueError):
    """No valid CloudEvent."""


def encode(value: str) -> str:
    """An attribute as its header has it (HTTP binding, 3.1.3.2)."""
    # Nearly every value is plain, and seeing that takes half as long as `quote`.
    return value if _PLAIN.fullmatch(value) else quote(value, _HEADER_SAFE)


def check(attributes: Mapping[str, str]) -> None:
    """Raise InvalidEvent unless these may be the attributes of an event, as texts."""
    for name in _MANDATORY:
        if not attributes.get(name):
            raise InvalidEvent(f"attribute {name} is missing or empty")
    if attributes["specversion"] != SPEC_VERSION:
        raise InvalidEvent(f"specversion {attributes['specversion']!r} is not {SPEC_VERSION}")
    if len(attributes) > _MOST:
        raise InvalidEvent(f"more than {_MOST} attributes")
    for name, value in attributes.items():
        _check_attribute(name, value)


def _check_attribute(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidEvent(
            f"attribute name {name[:20]!r} has more than lower-case letters and digits"
        )
    if name == "data":
        raise InvalidEvent("no attribute may be named data")
    if _is_too_long(name, value):
        raise InvalidEvent(f"attribute {name[:20]} has more than {_LONGEST} characters, encoded")
    if not value.isprintable() and _CONTROL.search(value):  # what it looks for is never printable
        raise InvalidEvent(f"attribute {name} has a control character or a lone surrogate")
    if not value and name in OPTIONAL:
        raise InvalidEvent(f"attribute {name} is empty")
    if name == "time" and not _is_time(value):
        raise InvalidEvent(f"time {value!r} is not RFC 3339")
    if name == "datacontenttype" and not _HEADER_TEXT.fullmatch(value):
        raise InvalidEvent(f"datacontenttype {value!r} is no media type")  # nor fit for a header
    if name in ("source", "dataschema") and _SPACE.search(value):
        raise InvalidEvent(f"attribute {name} is no URI")


def _is_too_long(name: str, value: str) -> bool:
    if len(name) + len(value) * _EXPANSION <= _LONGEST:
        return False
    return len(name) + len(quote(value, _HEADER_SAFE, errors="replace")) > _LONGEST


def _is_time(value: str) -> bool:
    if not _TIME.fullmatch(value):
        return False
    # RFC 3339 allows a leap second, datetime does not.
    seconds = "59" if value[17:19] == "60" else value[17:19]
    try:
        datetime.fromisoformat(f"{value[:17]}{seconds}{value[19:]}".upper())
    except ValueError:
        return False
    return True
