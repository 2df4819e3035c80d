"""Log lines: JSON for machines, the same fields readable where a person looks at a terminal."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

from eventing.settings import Misconfigured

LEVELS = ("debug", "info", "warning", "error")


class InvalidLogLevel(Misconfigured):
    """LOG_LEVEL is none of debug, info, warning, error."""


def configure_logging(service: str, level: str = "info", stream: TextIO | None = None) -> None:
    """Send all log records of this process to `stream` (standard error), one line each.

    A record's own fields come from `extra={"fields": {...}}`.
    """
    if level.lower() not in LEVELS:
        raise InvalidLogLevel(f"LOG_LEVEL is {level!r}; use one of {', '.join(LEVELS)}")
    target = stream or sys.stderr
    line = logging.StreamHandler(target)
    line.setFormatter(ReadableLines(service) if target.isatty() else JsonLines(service))
    logging.basicConfig(level=level.upper(), handlers=[line], force=True)


def fields_of(record: logging.LogRecord) -> Mapping[str, object]:
    """The structured fields given with `extra={"fields": ...}`."""
    fields: Mapping[str, object] = getattr(record, "fields", {})
    return fields


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, service, what happened, then the record's fields."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "event": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class ReadableLines(logging.Formatter):
    """`12:00:01 posts      POST /posts 201 (id=…)` for a terminal."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        clock = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        fields = " ".join(f"{name}={value}" for name, value in fields_of(record).items())
        level = "" if record.levelno <= logging.INFO else f"{record.levelname.lower()}: "
        line = f"{clock} {self._service:<11} {level}{record.getMessage()}  {fields}".rstrip()
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line
