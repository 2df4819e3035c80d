"""Sends requests until their answer is final: changes when what is worth another attempt does."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event

import urllib3

CONNECTIONS = 8
PATIENCE = 60.0  # seconds from the first attempt that failed to giving up
BACKOFF = (0.5, 1.0, 2.0, 4.0)  # seconds; the last one repeats
TIMEOUT = urllib3.Timeout(connect=5.0, read=60.0)  # whoever sleeps takes a while to wake
AWAY = (429, 502, 503, 504)  # these say nothing about what was sent


class Stopped(Exception):
    """Nothing more can be done now: what is loaded stays, and another run goes on from there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def retry_after(self) -> float | None:
        """Seconds to wait before trying again, None where the answer does not say."""
        value = self.headers.get("Retry-After", "")
        return float(value) if value.isascii() and value.isdigit() else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How time passes; `stop` ends the pause that it is given by default."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None
    stop: Event = field(default_factory=Event)

    def pause(self, seconds: float) -> None:
        """Let that time pass."""
        (self.sleep or self.stop.wait)(seconds)


class Door:
    """The public door of one blog; several threads go through it at once."""

    def __init__(self, url: str, *, waiting: Waiting, say: Callable[[str], None]) -> None:
        self.url = url.rstrip("/")
        self.waiting = waiting
        self._say = say
        self._said = False
        self._stopped: Stopped | None = None
        # Without its own retries it follows no redirect either: the token goes nowhere else.
        self._http = urllib3.PoolManager(maxsize=CONNECTIONS, retries=False, timeout=TIMEOUT)

    def stop(self, why: str) -> Stopped:
        """End the work of every thread; the first reason given, to be raised."""
        self._stopped = self._stopped or Stopped(why)
        self.waiting.stop.set()
        return self._stopped

    def get(self, path: str) -> Answer:
        """Read: a 404 is final here, whoever asks knows how long to wait for what."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a command; a 404 with Retry-After means that it comes too early."""
        json = {"Content-Type": "application/json", **headers}
        return self._ask("POST", path, body, json)

    def _ask(self, *request: *tuple[str, str, bytes | None, Mapping[str, str]]) -> Answer:
        """The first answer that no other attempt would change, or the last one in our patience."""
        tries, deadline = 0, 0.0
        while True:
            answer = self._attempt(*request)
            if isinstance(answer, Answer) and not _passes(request[0], answer):
                return answer
            now, pause = self.waiting.clock(), _pause(answer, tries)
            deadline = deadline or now + PATIENCE
            if now + pause > deadline:
                return self._last(answer)
            self._warn(answer)
            self.waiting.pause(pause)
            tries += 1

    def _attempt(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer | str:
        """The answer, or why there is none."""
        if self._stopped:
            raise self._stopped
        try:
            response = self._http.request(method, self.url + path, body=body, headers=headers)
        except ValueError:  # its text may hold the token
            raise self.stop(f"--url {self.url}, or the token, cannot be used in HTTP") from None
        except urllib3.exceptions.HTTPError as error:
            return NO_ANSWER.get(type(error), "the connection broke")
        return Answer(response.status, response.headers, response.data)

    def _last(self, answer: Answer | str) -> Answer:
        if isinstance(answer, Answer) and answer.status not in AWAY:
            return answer
        raise self.stop(f"{self.url}: {_brief(answer)}, for {PATIENCE:.0f} s now")

    def _warn(self, answer: Answer | str) -> None:
        """One line a run is enough: a bar that stands still says the rest."""
        if not self._said and (isinstance(answer, str) or answer.status in AWAY):
            self._said = True
            self._say(f"{self.url}: {_brief(answer)}, trying again for up to {PATIENCE:.0f} s")


NO_ANSWER = {
    urllib3.exceptions.NewConnectionError: "nothing answers there (is `make run` running?)",
    urllib3.exceptions.NameResolutionError: "there is no such host",
    urllib3.exceptions.ConnectTimeoutError: "no connection in time",
    urllib3.exceptions.ReadTimeoutError: "no answer in time",
}


def _passes(method: str, answer: Answer) -> bool:
    """Would the same request get another answer in a while?"""
    too_early = method == "POST" and answer.status == 404 and answer.retry_after() is not None
    return too_early or answer.status in (500, *AWAY)


def _pause(answer: Answer | str, tries: int) -> float:
    asked = answer.retry_after() if isinstance(answer, Answer) else None
    return BACKOFF[min(tries, len(BACKOFF) - 1)] if asked is None else asked


def _brief(answer: Answer | str) -> str:
    return f"the answer is {answer.status}" if isinstance(answer, Answer) else answer
