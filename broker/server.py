"""One run of the broker: its parts put together, started and ended; changes when one is added."""

import asyncio
import logging
import signal
import socket
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from broker.arrival import SIZE_LIMIT
from broker.changes import Resumed
from broker.delivery import Deliverer
from broker.health import Health, Notices, lost
from broker.hosts import only_for
from broker.ingress import Ingress
from broker.inspection import Inspection
from broker.intake import Intake
from broker.lanes import Lanes
from broker.log import open_log, unusable
from broker.manifests import Platform
from broker.ping import Pinger
from broker.routes import ping_sinks, routes
from broker.send import Sender, open_session
from broker.settings import Settings
from broker.status import Status
from broker.watch import Watch

log = logging.getLogger("broker")

HOST = "127.0.0.1"
STOP_WITHIN = 12.0  # seconds for attempts under way; the Triggers' time-out is 10
GIVE_UP_WITHIN = 1.0  # the same where the log is lost, and nothing that they bring can be kept
ANSWER_WITHIN = 2.0  # seconds for requests under way: those wait for the disk only


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the log has to be opened anew, and whether its file is to be put aside before."""

    reason: str
    is_damage: bool


class Broker:
    """The parts put together: one log, the door, the lanes, the pings."""

    def __init__(
        self, platform: Platform, settings: Settings, listener: socket.socket, notices: Notices
    ) -> None:
        self._platform = platform
        self._listener = listener
        self._notices = notices
        self._hosts = settings.hosts
        self._url = f"http://{HOST}:{listener.getsockname()[1]}"
        self._routes = routes(platform, settings.services, self._url)
        self._sinks = ping_sinks(platform, settings.services)
        self._lanes = Lanes()
        self.log = open_log(settings.data, self._lanes.dispatch)
        self.log.on_damage = self._damaged
        self._watch = Watch()
        self._intake = Intake(self.log, platform.triggers, self._watch)
        self._ingress = Ingress(platform.namespace, platform.brokers, self._intake.take)
        self.inspection = Inspection(settings.data, damaged=self._damaged, gone=self._gone)
        self.health = Health(self.log, self.inspection, notices)
        self._status = Status(self.log, self.health, list(self._routes))
        self._stop = asyncio.Event()
        self._fault: Fault | None = None

    async def run(self) -> Fault | None:
        """Serve until SIGTERM or SIGINT, or until the log's file is at fault."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)
        for text in self.log.file.noticed:
            self._notices.add(lost(text))
        async with open_session() as session:
            sender = Sender(session, self._platform.namespace)
            try:
                server = await self._open(sender)
            except sqlite3.Error as error:
                return await self._not_opened(error)
            tasks = self._begin_background(sender)
            log.info("ready", extra={"fields": {"url": self._url}})
            await self._stop.wait()
            await self._close(server, tasks)
        log.info("stopped")
        return self._put_aside()

    def stop(self) -> None:
        """Take nothing in any more, end what is under way, and return from `run`."""
        self._stop.set()

    async def _open(self, sender: Sender) -> web.AppRunner:
        await self.log.record(Resumed(list(self._routes), self.log.clock.due()))
        deliverer = Deliverer(self.log, sender, self._intake, self._routes, self._lost)
        self._lanes.start(self._routes, self.log, deliverer.deliver)
        server = web.AppRunner(
            self._app(),
            access_log=None,
            shutdown_timeout=ANSWER_WITHIN,
            auto_decompress=False,  # the ingress refuses what is compressed
        )
        await server.setup()
        await web.SockSite(server, self._listener).start()
        self.log.blank_later()  # what a broker that was killed has left
        self._status.set_ready(ready=True)
        return server

    async def _not_opened(self, error: sqlite3.Error) -> Fault | None:
        await self.log.close()
        if self._fault is None:
            raise unusable(self.log.file.path, error)
        return self._put_aside()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=SIZE_LIMIT, middlewares=[only_for(self._hosts)])
        app.router.add_get("/healthz", self._status.healthz)
        app.router.add_get("/status", self._status.status)
        app.router.add_get("/dead", self._status.dead)
        app.router.add_get("/watch", self._watch.answer)
        app.router.add_route("*", "/{path:.*}", self._ingress.answer)
        return app

    def _begin_background(self, sender: Sender) -> list[asyncio.Task[None]]:
        namespace = self._platform.namespace
        pingers = [Pinger(ping, sink, sender, namespace) for ping, sink in self._sinks]
        self.health.condition.watch()  # reading a large log takes a while
        inspecting = self.inspection.run(self.health.condition.watch)
        works = [*(each.run() for each in pingers), inspecting]
        return [asyncio.create_task(work) for work in works]

    def _damaged(self, reason: str) -> None:
        """The file cannot be read: the log goes on in a new one."""
        self._fault = self._fault or Fault(reason, is_damage=True)
        self._stop.set()

    def _gone(self, reason: str) -> None:
        """The file is still open and has no name any more: the log is to be written to one."""
        self._fault = self._fault or Fault(reason, is_damage=False)
        self._notices.add(lost(reason))
        self._stop.set()

    def _lost(self, reason: str) -> None:
        """One event cannot be read."""
        log.error("event lost", extra={"fields": {"reason": reason}})
        self._notices.add(lost(f"{reason} cannot be read"))

    def _put_aside(self) -> Fault | None:
        if self._fault is not None and self._fault.is_damage:
            self.log.file.put_aside(self._fault.reason)
        return self._fault

    async def _close(self, server: web.AppRunner, tasks: Iterable[asyncio.Task[None]]) -> None:
        """Take nothing in, end what is under way, keep the rest, let go of the file."""
        self._status.set_ready(ready=False)
        self._ingress.close()
        self._watch.close()
        for task in tasks:
            task.cancel()
        await self._lanes.stop(STOP_WITHIN if self._fault is None else GIVE_UP_WITHIN)
        await server.cleanup()
        await self.log.close()
