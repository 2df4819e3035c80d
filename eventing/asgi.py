"""A function as an ASGI server calls it; changes with what the server leaves to its application."""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from werkzeug.wrappers import Request, Response

from eventing.call import BODY, EVENT_LIMIT
from eventing.function import problem_answer
from eventing.patience import answer_at_once
from eventing.problem import BadRequest
from eventing.together import Group

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HEAD_LIMIT = 64 * 1024  # bytes
FIELD_LIMIT = 100
MOST_TOGETHER = 16  # requests; others wait for as many
ENOUGH = EVENT_LIMIT + 1  # bytes by which the function sees that a body is too long

Scope = MutableMapping[str, Any]
Part = MutableMapping[str, Any]
Fields = Iterable[tuple[bytes, bytes]]
Entry = Callable[[Request], Response]
"""A function as functions-framework's signature `http` has it."""


@dataclass(frozen=True, slots=True)
class Application:
    """Calls the function once its request is here whole, in a thread of `threads`.

    With `at_once` it is called without one first, and steps aside when it would have to wait: going
    there and back costs as much as a read, and the interpreter serves one thread at a time anyway.
    """

    entry: Entry
    threads: Executor
    at_once: bool = False
    _waiting: list[tuple[Request, "asyncio.Future[Response | None]"]] = field(default_factory=list)

    async def __call__(
        self,
        scope: Scope,
        receive: Callable[[], Awaitable[Part]],
        send: Callable[[Part], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        environ = to_environ(scope)
        if not is_sound(scope["headers"]):
            problem = problem_answer(BadRequest("The header fields are too many or too long."))
            response = Response(problem.body, problem.status, content_type=problem.content_type)
        elif (body := await _read(receive)) is None:
            return  # broken off: there is nobody to answer, and nothing may be made of half a body
        else:
            environ[BODY] = body
            environ["wsgi.input"] = io.BytesIO(body)
            response = await self._answer(Request(environ))
        fields = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in response.get_wsgi_headers(environ)
        ]
        start = {"type": "http.response.start", "status": response.status_code, "headers": fields}
        await send(start)
        await send({"type": "http.response.body", "body": response.get_data()})

    async def _answer(self, request: Request) -> Response:
        if self.at_once and (response := await self._answer_at_once(request)) is not None:
            return response
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, self.entry, request)

    async def _answer_at_once(self, request: Request) -> Response | None:
        if request.method in ("GET", "HEAD"):
            return answer_at_once(partial(self.entry, request))
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Response | None] = loop.create_future()
        self._waiting.append((request, answered))
        if len(self._waiting) == 1:
            loop.call_soon(self._answer_together)
        return await answered

    def _answer_together(self) -> None:
        """Whatever came in while others were served."""
        group, rest = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        self._waiting[:] = rest
        if rest:
            asyncio.get_running_loop().call_soon(self._answer_together)
        responses = Group().answer([partial(self.entry, request) for request, _ in group])
        for (_, answered), response in zip(group, responses, strict=True):
            if not answered.done():
                answered.set_result(response)


def is_sound(fields: Fields) -> bool:
    """Whether a head is within bounds, and names its host at most once."""
    names = [name for name, _ in fields]
    size = sum(len(name) + len(value) for name, value in fields)
    return size <= HEAD_LIMIT and len(names) <= FIELD_LIMIT and names.count(b"host") <= 1


async def _read(receive: Callable[[], Awaitable[Part]]) -> bytes | None:
    """The body, or a beginning that is long enough; None when it breaks off."""
    body = b""
    while len(body) < ENOUGH:
        part = await receive()
        if part["type"] == "http.disconnect":
            return None
        body += part.get("body", b"")
        if not part.get("more_body", False):
            break
    return body[:ENOUGH]


def to_environ(scope: Scope) -> "WSGIEnvironment":
    """The head of a request as WSGI has it (PEP 3333), which is what werkzeug reads."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "REMOTE_ADDR": client[0] if (client := scope.get("client")) else "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
    }
    for name, value in scope["headers"]:
        if b"_" in name:
            continue  # not to be told from a `-`
        key, text = _variable(name), value.decode("latin-1")
        environ[key] = f"{environ[key]}, {text}" if key in environ else text
    return environ


@lru_cache(maxsize=1024)
def _variable(name: bytes) -> str:
    text = name.decode("ascii").upper().replace("-", "_")
    return text if text in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{text}"
