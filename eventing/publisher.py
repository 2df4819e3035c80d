"""Publishing one event to the broker over HTTP, in binary mode."""

import json
import socket
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from eventing.cloudevent import CloudEvent, write_binary
from eventing.logs import printable
from eventing.settings import Misconfigured

CONNECT_TIMEOUT = 5.0  # seconds
# Seconds. Knative's default broker answers after the whole chain of deliveries, cold starts
# included. A Trigger's take 76 at most: six attempts of 10, and pauses between them of 15.5.
ANSWER_TIMEOUT = 90.0
# Seconds after which a peer that no longer answers packets is given up, whatever is waited for.
SILENCE = 20
# Refusals of today, which another day may not be: the address, a time-out, too many requests.
PASSING = (404, 408, 429)
WORDS = 200  # characters of a refusal that are kept

# Seconds for which an idle connection is used again. Servers close theirs after a pause of their
# own, the shortest known one gunicorn's of 2 s; what is sent just then is lost.
KEPT_FOR = 1.0


class PublishFailed(Exception):
    """Nobody knows whether the broker has the event: publish the same one again."""


class EventRefused(PublishFailed):
    """The broker refused the event for good: it is there, and the event is not for it."""

    def __init__(self, sink: str, status: int, said: str) -> None:
        super().__init__(f"{sink} answered {status}")
        self.status = status
        self.said = said
        """The broker's own words, cut short."""


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
            status, said = self._send(headers, body)
        except (HTTPException, OSError) as error:
            raise PublishFailed(f"{self._sink}: {type(error).__name__}") from error
        if 400 <= status < 500 and status not in PASSING:
            raise EventRefused(self._sink, status, _words(said))
        if not 200 <= status < 300:
            raise PublishFailed(f"{self._sink} answered {status}")

    def _send(self, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            connection.request("POST", self._target, body, headers)
            answer = connection.getresponse()
            said = answer.read()
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:  # the broker lets it be used again
            self._idle.append((connection, time.monotonic()))
        return answer.status, said

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
        notice_silence(connection.sock)
        return connection


def notice_silence(connected: socket.socket) -> None:
    """Let the system end a connection whose other side has vanished without a word."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    every = max(1, SILENCE // 4)
    options = {
        "TCP_KEEPIDLE": every,
        "TCP_KEEPINTVL": every,
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": 1000 * SILENCE,  # for what was sent and not acknowledged
    }
    for name, value in options.items():
        if (option := getattr(socket, name, None)) is not None:  # not every system has them all
            connected.setsockopt(socket.IPPROTO_TCP, option, value)


def _words(body: bytes) -> str:
    """What a refusal says, as a problem answer or as plain text."""
    text = body.decode(errors="replace")
    with suppress(ValueError, LookupError, TypeError, RecursionError):
        text = str(json.loads(text)["detail"])
    return printable(" ".join(text.split()))[:WORDS]


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
