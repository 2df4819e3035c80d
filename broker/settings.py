"""What the broker process is told at its start; changes when that is more or less."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eventing.hosts import Hosts


@dataclass(frozen=True, slots=True)
class Settings:
    """`services` maps names of Services to the URLs where they listen."""

    manifests: Path
    port: int
    data: Path
    services: Mapping[str, str]
    log_level: str
    hosts: Hosts


def read_settings(arguments: Sequence[str]) -> Settings:
    """From the command line, LOG_LEVEL, ALLOWED_HOSTS and SITE_URL.

    A wrong option ends the process with a line about it; NotAHost names a wrong host.
    """
    parser = argparse.ArgumentParser(prog="python -m broker.serve")
    parser.add_argument("--manifests", type=Path, required=True, help="folder, as knative/base")
    parser.add_argument("--port", type=int, default=8090, help="on 127.0.0.1; 0 for any free one")
    parser.add_argument("--data", type=Path, required=True, help="file of the event log")
    parser.add_argument("--service", type=_service, action="append", default=[], metavar="NAME=URL")
    given = parser.parse_args(arguments)
    level = os.environ.get("LOG_LEVEL") or "info"
    hosts = Hosts.from_env(os.environ)
    return Settings(given.manifests, given.port, given.data, dict(given.service), level, hosts)


def _service(text: str) -> tuple[str, str]:
    name, separator, url = text.partition("=")
    if not name or not separator or not url.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=http://HOST:PORT")
    return name, url
