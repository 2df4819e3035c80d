"""The thin adapter between HTTP and a function's own code: routes, answers, one log line each."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus as Status
from urllib.parse import quote

from werkzeug.exceptions import MethodNotAllowed as WrongMethod
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from eventing import subscriber
from eventing.answer import PROBLEM, Answer, json_answer, to_json
from eventing.call import Call, read_call
from eventing.condition import WATCH_SECONDS, Check, Condition
from eventing.database import StorageUnavailable
from eventing.hosts import Hosts
from eventing.logs import milliseconds
from eventing.patience import step_aside
from eventing.problem import MethodNotAllowed, NotFound, Refused, Unavailable
from eventing.recurring import Recurring
from eventing.subscriber import Subscriber
from eventing.text import is_storable
from eventing.together import when_durable
from eventing.worker import Worker

# Bytes of an answer that refuses an event. Seen: a longer one ends the dispatcher of Knative's
# default broker, and what it has in memory (Eventing of June 2026, `knativeerrordata` overflows in
# kncloudevents/event_dispatcher.go).
ERROR_LIMIT = 768

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path, as in `/posts/<post_id>`, and the code that answers it."""

    method: str
    path: str
    act: Callable[..., Answer]


class Function:
    """One function, called with each request as functions-framework's `http` signature has it.

    `checks` are what `GET /status` tells; `background` runs while the function does.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        events: Subscriber,
        *,
        checks: Mapping[str, Check] | None = None,
        background: Sequence[Worker] = (),
    ) -> None:
        self._condition = Condition(checks or {})
        watch = Recurring("condition", self._condition.watch, seconds=WATCH_SECONDS)
        self._background = (*background, Worker(watch.start, watch.stop))
        own = [
            Route("POST", "/", self._receive),
            Route("GET", "/healthz", _healthy),
            Route("GET", "/status", self._status),
        ]
        self.routes = (*own, *routes)
        rules = [Rule(one.path, methods=[one.method], endpoint=one.act) for one in self.routes]
        # A redirect would be an answer that no caller expects: one path has one spelling.
        self._urls = Map(rules, merge_slashes=False, redirect_defaults=False).bind("")
        self._events = events
        self.hosts = Hosts(checked=False)
        """Which requests are meant for this function; `start` knows."""

    def __call__(self, request: Request) -> Response:
        """Answer a request; whatever goes wrong is a problem answer (RFC 9457)."""
        for worker in self._background:
            worker.ensure_started()
        started = time.perf_counter()
        call = read_call(request)
        answer = self._answer(call)
        when_durable(partial(_log, call, answer, started))
        return _response(call, answer)

    def _answer(self, call: Call) -> Answer:
        try:
            self.hosts.check(call.method, call.headers)
            act, parameters = self._match(call)
            return act(call, **parameters)
        except Refused as refusal:
            call.notes["detail"] = str(refusal)
            if refusal.status in (Status.UNAUTHORIZED, Status.TOO_MANY_REQUESTS):
                call.notes["address"] = call.address
            return problem_answer(refusal)
        except StorageUnavailable as error:
            log.warning("storage unavailable", extra={"fields": {"error": str(error)}})
            return problem_answer(Unavailable(StorageUnavailable.__doc__))
        except Exception:
            log.exception("failed", extra={"fields": {"correlationid": call.cause.correlationid}})
            return _FAILED

    def _match(self, call: Call) -> tuple[Callable[..., Answer], dict[str, str]]:
        if not is_storable(call.path):
            raise NotFound  # no id has a NUL, and PostgreSQL cannot even ask for one
        try:
            act, parameters = self._urls.match(call.path, call.method)
        except WrongMethod as error:
            allowed = ", ".join(sorted(error.valid_methods or ()))
            raise MethodNotAllowed(headers={"Allow": allowed}) from None
        except NoRoute:
            raise NotFound from None
        return act, dict(parameters)

    def _status(self, _call: Call) -> Answer:
        """`GET /status`: how this function is; the log tells of it too, once for each change."""
        step_aside()
        return json_answer(self._condition.report())

    def _receive(self, call: Call) -> Answer:
        try:
            return self._take(call)
        except Refused as refusal:
            call.notes["detail"] = str(refusal)
            return _brief(refusal)

    def _take(self, call: Call) -> Answer:
        event = subscriber.read(call.headers, call.body)
        call.notes.update(type=event.type, id=event.id)
        if correlationid := event.extensions.get("correlationid"):
            call.notes["correlationid"] = correlationid
        return self._events.take(event)


def problem_answer(refusal: Refused) -> Answer:
    """The refusal as a problem answer."""
    return Answer(refusal.status, to_json(refusal.members()), PROBLEM, refusal.headers)


def _brief(refusal: Refused) -> Answer:
    """The refusal of an event; what a broker could not bear is cut."""
    answer = problem_answer(refusal)
    if len(answer.body.encode()) <= ERROR_LIMIT:
        return answer
    said = " ".join(fault.detail for fault in getattr(refusal, "faults", ())) or str(refusal)
    # A character takes six bytes at most, escaped.
    return replace(answer, body=to_json({"status": answer.status, "detail": f"{said[:100]}…"}))


# By probes, monitors and copies of the history; a line for each answer tells nothing.
_ASKED_OFTEN = ("/healthz", "/status", "/events")
_FAILED = Answer(
    500,
    to_json(
        {
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "detail": "The request failed here and is logged.",
        }
    ),
    PROBLEM,
)


def _healthy(_call: Call) -> Answer:
    return Answer(body='{"status":"ok"}')


def _response(call: Call, answer: Answer) -> Response:
    body = answer.body.encode()
    response = Response(
        # functions-framework reads the rest of a request unless the answer is a stream; there
        # is no more that we want to read of one that is too large or broken.
        [body] if isinstance(call.content, bytes) else iter([body]),
        answer.status,
        content_type=answer.content_type,
    )
    response.content_length = len(body)
    if not body:
        response.headers.pop("Content-Type")
    response.headers.update({**answer.headers, "X-Correlation-Id": call.cause.correlationid})
    return response


def _log(call: Call, answer: Answer, started: float) -> None:
    fields = {
        "method": call.method,
        "path": quote(call.path),
        "status": int(answer.status),
        "outcome": _outcome(call, answer.status),
        "correlationid": call.cause.correlationid,
        "duration": milliseconds(time.perf_counter() - started),
        **call.notes,
    }
    is_routine = call.path in _ASKED_OFTEN and answer.status < 400
    level = logging.DEBUG if is_routine else logging.INFO
    log.log(level, "event" if "type" in call.notes else "request", extra={"fields": fields})


def _outcome(call: Call, status: int) -> str:
    if status >= 400:
        return "refused" if status < 500 else "failed"
    if "type" not in call.notes:
        return "answered"
    return "replied" if status == 200 else "taken"
