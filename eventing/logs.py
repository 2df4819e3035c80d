"""Log lines: JSON for machines, the same fields in words where a person looks at a terminal."""

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

from eventing.settings import Misconfigured

LEVELS = ("debug", "info", "warning", "error")

_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode  # made once, not for each line


class InvalidLogLevel(Misconfigured):
    """LOG_LEVEL is none of debug, info, warning, error."""


def configure_logging(service: str, level: str = "info", stream: TextIO | None = None) -> None:
    """Send all log records of this process to `stream` (standard error), one line each.

    A record's own fields come from `extra={"fields": {...}}`.
    """
    if level.lower() not in LEVELS:
        raise InvalidLogLevel(f"LOG_LEVEL is {level!r}; use one of {', '.join(LEVELS)}")
    target = stream or sys.stderr
    line = _writer(target)
    line.setFormatter(ReadableLines(service) if target.isatty() else JsonLines(service))
    logging.basicConfig(level=level.upper(), handlers=[line], force=True)
    # It warns of each retry; what was not reached in the end is told by whoever asked.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    # What no line tells need not be found out for each of them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 # the way that logging's documentation names


class OneWrite(logging.Handler):
    """Writes each line to a stream's file with one system call, which needs no lock of ours.

    With one, a thread that is writing lets go of the interpreter and keeps the lock: the next one
    takes the interpreter, meets the lock, and so on; under load most of a thread's time was that.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream  # asked for its descriptor each time: once closed it has none

    def handle(self, record: logging.LogRecord) -> bool:
        """As a handler without filters does, but for the lock."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """A reader that has gone, or a full disk, ends no request."""
        try:
            _write_all(
                self._stream.fileno(), f"{self.format(record)}\n".encode(errors="backslashreplace")
            )
        except Exception:
            self.handleError(record)


def _write_all(descriptor: int, line: bytes) -> None:
    """Write it whole; whatever is no longer than 4 KiB goes into a pipe in one piece."""
    while line:
        line = line[os.write(descriptor, line) :]


def _writer(target: TextIO) -> logging.Handler:
    try:
        target.fileno()
    except OSError:  # a stream in memory
        return logging.StreamHandler(target)
    return OneWrite(target)


def fields_of(record: logging.LogRecord) -> Mapping[str, object]:
    """The structured fields given with `extra={"fields": ...}`."""
    fields: Mapping[str, object] = getattr(record, "fields", {})
    return fields


def milliseconds(seconds: float) -> float:
    """A `duration` as every line tells it."""
    return round(seconds * 1000, 1)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, service, what happened, then the record's fields."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        return _encode(self.members(record))

    def members(self, record: logging.LogRecord) -> dict[str, object]:
        """The JSON object."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "event": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return line


class ReadableLines(JsonLines):
    """The same for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return in_words(self.members(record))


def in_words(line: Mapping[str, object]) -> str:
    """The JSON object of a line for a terminal; KeyError, ValueError or TypeError if it is none.

    `12:00:01 posts        POST /posts 201                      11.2 ms  1fb3386e08f94453`
    """
    rest = dict(line)
    clock = datetime.fromisoformat(str(rest.pop("time"))).astimezone().strftime("%H:%M:%S")
    level, service, what = (str(rest.pop(name)) for name in ("level", "service", "event"))
    trace = str(rest.pop("exception", ""))
    colour = _COLOURS.get(level) or (_DIM if _is_read(rest) else "")
    if "outcome" in rest:
        what = _outcome(rest)
    note = f"{level}: " if level in _COLOURS else ""
    fields = [f"{name}={_text(value)}" for name, value in rest.items()]
    words = "  ".join(filter(None, [f"{clock} {service:<12} {note}{what}", " ".join(fields)]))
    text = "\n".join(printable(each) for each in [words, *trace.splitlines()])
    return f"{colour}{text}{_PLAIN}" if colour else text


def _is_read(fields: Mapping[str, object]) -> bool:
    return fields.get("method") in ("GET", "HEAD") and fields.get("outcome") == "answered"


def _outcome(fields: dict[str, object]) -> str:
    """What happened to a request or an event, in columns; takes out of `fields` what it tells."""
    told = {name: fields.pop(name, None) for name in _TOLD}
    names = ("method", "path", "status") if told["type"] is None else ("type", "outcome", "trigger")
    what = " ".join(str(told[name]) for name in names if told[name] is not None)
    return f"{what:<60} {told['duration']:>8} ms  {told['correlationid']}"


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def printable(text: str) -> str:
    """The text without what a terminal would obey."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


_TOLD = ("method", "path", "status", "type", "outcome", "trigger", "duration", "correlationid")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_COLOURS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m"}
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
