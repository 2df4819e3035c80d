"""The broker process, its start and its end; changes when what it is told does.

`python -m broker.serve --manifests knative/base --port 8090 --data data/broker.db \
    --service posts=http://127.0.0.1:8081 ...`
"""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from time import monotonic

from broker.health import Notices
from broker.logfile import LogUnusable
from broker.manifests import ManifestError, Platform, load_platform
from broker.routes import UnknownAddress
from broker.server import HOST, Broker, Fault
from broker.settings import Settings, read_settings
from eventing.logs import configure_logging
from eventing.settings import Misconfigured

log = logging.getLogger("broker")

NICENESS = 10  # where the processor is scarce, answering people goes before spreading events
SETTLED = 60.0  # seconds; a log at fault that soon after the last time is more than bad luck


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
            _serve(platform, settings, listener)
    except REFUSALS as error:
        sys.stderr.write(f"broker: {error}\n")
        return 1
    return 0


def _serve(platform: Platform, settings: Settings, listener: socket.socket) -> None:
    """Begin anew on a new log whenever its file is at fault; who connects meanwhile waits."""
    notices, last = Notices(), -SETTLED
    while fault := asyncio.run(_run(platform, settings, listener, notices)):
        log.warning("event log opened anew", extra={"fields": {"reason": fault.reason}})
        if monotonic() - last < SETTLED:
            remedy = "see whether the disk is at fault, and start again"
            raise LogUnusable(f"{settings.data}: {fault.reason}, again within a minute: {remedy}")
        last = monotonic()


async def _run(
    platform: Platform, settings: Settings, listener: socket.socket, notices: Notices
) -> Fault | None:
    return await Broker(platform, settings, listener.dup(), notices).run()


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=1_024)
    except OSError as error:
        remedy = "end the program that uses it, or choose another with --port"
        what = os.strerror(error.errno or 0)
        raise PortTaken(f"port {port} of {HOST}: {what}: {remedy}") from None


if __name__ == "__main__":
    os.nice(NICENESS)
    sys.exit(main(sys.argv[1:]))
