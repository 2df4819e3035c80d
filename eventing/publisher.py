"""Publishing one event to the broker over HTTP, in binary mode."""

import json
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from eventing.cloudevent import CloudEvent, write_binary
from eventing.settings import Misconfigured

CONNECT_TIMEOUT = 5.0  # seconds
ANSWER_TIMEOUT = 200.0  # seconds; Knative's default broker answers after the whole chain

# Seconds for which an idle connection is used again. Servers close theirs after a pause of their
# own, the shortest known one gunicorn's of 2 s; what is sent just then is lost.
KEPT_FOR = 1.0


class PublishFailed(Exception):
    """Nobody knows whether the broker has the event: publish the same one again."""


class InvalidOverrides(Misconfigured):
    """K_CE_OVERRIDES is no JSON object with `extensions`."""


class InvalidSink(Misconfigured):
    """K_SINK is no URL of HTTP."""

    def __init__(self, sink: str) -> None:
        super().__init__(f"K_SINK is {sink!r}: it must be a URL of HTTP")


class Publisher:
    """Sends events to the `sink`, from any thread; `overrides` is the text of K_CE_OVERRIDES."""

    def __init__(self, sink: str, overrides: str = "") -> None:
        self._sink = sink
        self._line, self._target = _address(sink)
        self._extensions = _extensions(overrides)
        self._idle: deque[tuple[HTTPConnection, float]] = deque()
        weakref.finalize(self, _close, self._idle)

    def publish(self, event: CloudEvent) -> None:
        """Return when the broker has taken the event in; PublishFailed otherwise."""
        if self._extensions:
            event = event.with_extensions(**self._extensions)
        headers, body = write_binary(event)
        try:
            status = self._send(headers, body)
        except (HTTPException, OSError) as error:
            raise PublishFailed(f"{self._sink}: {type(error).__name__}") from error
        if not 200 <= status < 300:
            raise PublishFailed(f"{self._sink} answered {status}")

    def _send(self, headers: Mapping[str, str], body: bytes) -> int:
        connection = self._connection()
        try:
            connection.request("POST", self._target, body, headers)
            answer = connection.getresponse()
            answer.read()
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:  # the broker lets it be used again
            self._idle.append((connection, time.monotonic()))
        return answer.status

    def _connection(self) -> HTTPConnection:
        """The connection that was used last, or a new one."""
        try:
            connection, used_at = self._idle.pop()
        except IndexError:
            return self._connect()
        if time.monotonic() - used_at <= KEPT_FOR:
            return connection
        connection.close()
        return self._connection()

    def _connect(self) -> HTTPConnection:
        connection = self._line()
        connection.connect()
        connection.sock.settimeout(ANSWER_TIMEOUT)
        return connection


def _close(idle: Iterable[tuple[HTTPConnection, float]]) -> None:
    for connection, _ in idle:
        connection.close()


def _address(sink: str) -> tuple[Callable[[], HTTPConnection], str]:
    """How to connect to the sink, and what to ask for there."""
    try:
        url = urlsplit(sink)
        kind = {"http": HTTPConnection, "https": HTTPSConnection}[url.scheme]
        host, port = url.hostname, url.port
    except (KeyError, ValueError):
        raise InvalidSink(sink) from None
    if not host:
        raise InvalidSink(sink)
    line = partial(kind, host, port, timeout=CONNECT_TIMEOUT)
    return line, (url.path or "/") + (f"?{url.query}" if url.query else "")


def _extensions(overrides: str) -> Mapping[str, str]:
    if not overrides.strip():
        return {}
    try:
        extensions = json.loads(overrides).get("extensions", {})
        return {str(name): str(value) for name, value in extensions.items()}
    except (ValueError, AttributeError):
        raise InvalidOverrides(f"K_CE_OVERRIDES is {overrides!r}") from None
