"""The broker process, its start and its end; changes when a part is added.

`python -m broker.serve --manifests knative/base --port 8090 --data data/broker.db \
    --service posts=http://127.0.0.1:8081 ...`
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import closing

from aiohttp import web

from broker.arrival import SIZE_LIMIT
from broker.changes import Resumed
from broker.delivery import Deliverer
from broker.hosts import only_for
from broker.ingress import Ingress
from broker.intake import Intake
from broker.lanes import Lanes
from broker.log import open_log
from broker.logfile import LogUnusable
from broker.manifests import ManifestError, Platform, load_platform
from broker.ping import Pinger
from broker.routes import UnknownAddress, ping_sinks, routes
from broker.send import Sender, open_session
from broker.settings import Settings, read_settings
from broker.status import Status
from broker.watch import Watch
from eventing.logs import configure_logging
from eventing.settings import Misconfigured

log = logging.getLogger("broker")

HOST = "127.0.0.1"
STOP_WITHIN = 12.0  # seconds for attempts under way; the Triggers' time-out is 10
ANSWER_WITHIN = 2.0  # seconds for requests under way: those wait for the disk only
NICENESS = 10  # where the processor is scarce, answering people goes before spreading events


class PortTaken(Exception):
    """Another program listens on the port: end it, or choose another port."""


REFUSALS = (LogUnusable, ManifestError, Misconfigured, PortTaken, UnknownAddress)


def main(arguments: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT: 0. What keeps it from starting is told in one line: 1."""
    try:
        settings = read_settings(arguments)
        configure_logging("broker", settings.log_level)
        platform = load_platform(settings.manifests)
        with closing(_listen(settings.port)) as listener:
            asyncio.run(Broker(platform, settings, listener).run())
    except REFUSALS as error:
        sys.stderr.write(f"broker: {error}\n")
        return 1
    return 0


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=1_024)
    except OSError as error:
        remedy = "end the program that uses it, or choose another with --port"
        what = os.strerror(error.errno or 0)
        raise PortTaken(f"port {port} of {HOST}: {what}: {remedy}") from None


class Broker:
    """The parts put together: one log, the door, the lanes, the pings."""

    def __init__(self, platform: Platform, settings: Settings, listener: socket.socket) -> None:
        self._platform = platform
        self._listener = listener
        self._hosts = settings.hosts
        self._url = f"http://{HOST}:{listener.getsockname()[1]}"
        self._routes = routes(platform, settings.services, self._url)
        self._sinks = ping_sinks(platform, settings.services)
        self._lanes = Lanes()
        self._log = open_log(settings.data, self._lanes.dispatch)
        self._watch = Watch()
        self._intake = Intake(self._log, platform.triggers, self._watch)
        self._ingress = Ingress(platform.namespace, platform.brokers, self._intake.take)
        self._status = Status(self._log, list(self._routes))

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with open_session() as session:
            sender = Sender(session, self._platform.namespace)
            server = await self._open(sender)
            pings = [asyncio.create_task(pinger.run()) for pinger in self._pingers(sender)]
            log.info("ready", extra={"fields": {"url": self._url}})
            await stop.wait()
            await self._close(server, pings)
        log.info("stopped")

    async def _open(self, sender: Sender) -> web.AppRunner:
        await self._log.record(Resumed(list(self._routes), self._log.clock.due()))
        deliverer = Deliverer(self._log, sender, self._intake, self._routes)
        self._lanes.start(self._routes, self._log, deliverer.deliver)
        server = web.AppRunner(
            self._app(),
            access_log=None,
            shutdown_timeout=ANSWER_WITHIN,
            auto_decompress=False,  # the ingress refuses what is compressed
        )
        await server.setup()
        await web.SockSite(server, self._listener).start()
        self._status.set_ready(ready=True)
        return server

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=SIZE_LIMIT, middlewares=[only_for(self._hosts)])
        app.router.add_get("/healthz", self._status.healthz)
        app.router.add_get("/status", self._status.status)
        app.router.add_get("/dead", self._status.dead)
        app.router.add_get("/watch", self._watch.answer)
        app.router.add_route("*", "/{path:.*}", self._ingress.answer)
        return app

    def _pingers(self, sender: Sender) -> list[Pinger]:
        namespace = self._platform.namespace
        return [Pinger(ping, sink, sender, namespace) for ping, sink in self._sinks]

    async def _close(self, server: web.AppRunner, pings: Sequence[asyncio.Task[None]]) -> None:
        """Take nothing in, end what is under way, keep the rest, let go of the file."""
        self._status.set_ready(ready=False)
        self._ingress.close()
        self._watch.close()
        for ping in pings:
            ping.cancel()
        await self._lanes.stop(STOP_WITHIN)
        await server.cleanup()
        await self._log.close()


if __name__ == "__main__":
    os.nice(NICENESS)
    sys.exit(main(sys.argv[1:]))
