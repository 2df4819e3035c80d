"""What is not meant for the broker is refused before any of its routes looks at it."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from eventing.hosts import SAFE, Hosts
from eventing.problem import Refused

PROBLEM = "application/problem+json"
_SAFE = (*SAFE, "OPTIONS")  # which tells what may be sent, to anybody, as Knative's does


def only_for(hosts: Hosts) -> Middleware:
    """Answers 421 to a foreign `Host`, and 403 where a foreign page would change something."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            hosts.check(request.method, request.headers, _SAFE)
        except Refused as refusal:
            members = refusal.members()
            return web.json_response(members, status=refusal.status, content_type=PROBLEM)
        return await handler(request)

    return check
