"""The door of the brokers over HTTP; changes when Knative's ingress answers differently."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from broker.arrival import SIZE_LIMIT, Arrival, Refused
from eventing.cloudevent import CloudEvent, InvalidEvent, read_event

log = logging.getLogger("broker")

METHODS = "POST, OPTIONS"

Take = Callable[[Arrival], Awaitable[None]]


class Ingress:
    """Takes events in at /NAMESPACE/BROKER. `take` returns when the event is durable."""

    def __init__(self, namespace: str, brokers: tuple[str, ...], take: Take) -> None:
        self._namespace = namespace
        self._brokers = frozenset(brokers)
        self._take = take
        self._open = True

    def close(self) -> None:
        """Refuse whatever comes from now on: 503."""
        self._open = False

    async def answer(self, request: web.Request) -> web.Response:
        """202 when the event is kept; in the order of checks of Knative's ingress otherwise."""
        if request.method == "OPTIONS":
            return _answer(200, {"WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "*"})
        if request.method != "POST":
            return _refusal(Refused(405, "events are sent with POST"))
        try:
            await self._receive(request)
        except Refused as refused:
            return _refusal(refused)
        except Exception:
            log.exception("event not taken in")
            return _refusal(Refused(500, "the event could not be kept: see the broker's log"))
        return _answer(202)

    async def _receive(self, request: web.Request) -> None:
        if not self._open:
            raise Refused(503, "the broker is stopping")
        namespace, broker = _address(request.path_qs)
        _check_encoding(request)
        event = _read(request, await _body(request))
        if namespace != self._namespace or broker not in self._brokers:
            raise Refused(404, f"there is no broker {broker} in namespace {namespace}")
        await self._take(Arrival(broker, event, request.headers))


def _address(path: str) -> tuple[str, str]:
    """Namespace and broker of a path; a query belongs to the name, as on Knative."""
    if path == "/":
        raise Refused(404, "events are sent to /NAMESPACE/BROKER")
    parts = path.removesuffix("/").split("/")
    if len(parts) != 3:
        raise Refused(400, "events are sent to /NAMESPACE/BROKER")
    return parts[1], parts[2]


def _check_encoding(request: web.Request) -> None:
    """Compressed requests are refused: an event is kept as it was sent (RFC 9110, 15.5.16)."""
    if "Content-Encoding" in request.headers:
        remedy = "send the event without a Content-Encoding"
        raise Refused(415, remedy, {"Accept-Encoding": "identity"})


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Refused(413, f"an event has at most {SIZE_LIMIT} bytes") from None
    except (ConnectionError, web.RequestPayloadError):
        raise Refused(400, "the event broke off") from None


def _read(request: web.Request, body: bytes) -> CloudEvent:
    try:
        return read_event(request.headers, body)
    except InvalidEvent as error:
        raise Refused(400, str(error)) from None


def _answer(status: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, headers={"Allow": METHODS, **(headers or {})})


def _refusal(refused: Refused) -> web.Response:
    headers = {"Allow": METHODS, **refused.headers}
    return web.Response(status=refused.status, headers=headers, text=f"{refused}\n")
