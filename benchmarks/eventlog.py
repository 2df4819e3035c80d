"""A broker on its own, three Triggers to a native sink, and a log that holds what nobody takes."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from benchmarks.line import Line, answers
from benchmarks.process import Process, listens
from benchmarks.wrk import Shots
from broker.changes import Taken
from broker.log import EventLog, open_log
from broker.records import Stored
from broker.runner.nginx import find_nginx
from broker.runner.programs import PYTHON
from eventing.cloudevent import CloudEvent
from tests.e2e.running import environment, free_ports

TRIGGERS = ("one", "two", "three")
AT_ONCE = 5_000  # events in one commit
DATA = b'{"id": "p1", "title": "Hello", "body": "It *works*.", "version": 1}'

_NGINX = """
daemon off; pid "{state}/nginx.pid"; error_log stderr warn; worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off; client_body_temp_path "{state}/body"; keepalive_requests 1000000;
    proxy_temp_path "{state}/proxy"; fastcgi_temp_path "{state}/fastcgi";
    uwsgi_temp_path "{state}/uwsgi"; scgi_temp_path "{state}/scgi";
    server {{ listen 127.0.0.1:{port}; location / {{ return 202; }} }}
}}
"""


class Broker:
    """A running broker."""

    def __init__(self, port: int) -> None:
        self._line = Line(port)
        self.events = Shots(
            url=f"http://127.0.0.1:{port}/blog/default",
            method="POST",
            body=DATA.decode(),
            headers=(
                *("Content-Type: application/json", "ce-specversion: 1.0", "ce-type: Taken"),
                *("ce-source: /bench", "ce-id: #", "ce-partitionkey: p1"),
            ),
        )

    def undelivered(self) -> int:
        """How many deliveries the three Triggers still have before them."""
        told = self._line.ask("GET", "/status").document["triggers"]
        return sum(told[name]["waiting"] + told[name]["retrying"] for name in TRIGGERS)

    def wait(self) -> float:
        """Seconds since 1970 at which everything had been delivered."""
        while self.undelivered():
            time.sleep(0.02)
        return time.time()


@contextmanager
def sink(folder: Path) -> Iterator[str]:
    """The URL of an nginx that answers everything with an empty 202."""
    port = free_ports(1)
    file = folder / "nginx.conf"
    file.write_text(_NGINX.format(state=folder, port=port))
    command = [str(find_nginx()), "-e", "stderr", "-p", str(folder), "-c", str(file)]
    with Process(command, log=folder / "nginx.log") as process:
        process.until(lambda: listens(port), "nginx")
        yield f"http://127.0.0.1:{port}"


@contextmanager
def broker(folder: Path, sink_url: str) -> Iterator[Broker]:
    """A broker on the log in that folder; one Trigger more never gets an answer."""
    port = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _write_manifests(folder, sink_url, f"http://127.0.0.1:{silent.getsockname()[1]}")
        files = ("--manifests", str(folder), "--data", str(folder / "broker.db"))
        command = (*PYTHON, "-m", "broker.serve", *files, "--port", str(port))
        with Process(command, log=folder / "broker.log", env=environment()) as process:
            process.until(lambda: answers(port, "/healthz"), "the broker")
            yield Broker(port)
            silent.close()


def fill(folder: Path, events: int) -> None:
    """Let so many events wait in the log, whose broker is stopped, for the silent Trigger."""
    asyncio.run(_fill(folder / "broker.db", events))


async def _fill(file: Path, events: int) -> None:
    log = open_log(file, lambda _: None)
    before = log.counts().get("silent", {}).get("waiting", 0)
    for first in range(before, events, AT_ONCE):
        some = min(AT_ONCE, events - first)
        await asyncio.gather(*(log.record(_waiting(log)) for _ in range(some)))
    await log.close()


def _waiting(log: EventLog) -> Taken:
    number, at = log.next_id(), log.clock.moment()
    event = CloudEvent(
        id=str(number),
        source="/bench",
        type="Waiting",
        data=DATA,
        datacontenttype="application/json",
        extensions={"partitionkey": "p1"},
    )
    return Taken(number, Stored(event, 255, {}), ("silent",), at.taken, at.due)


def _write_manifests(folder: Path, sink_url: str, silent_url: str) -> None:
    triggers = dict.fromkeys(TRIGGERS, ("Taken", sink_url)) | {"silent": ("Waiting", silent_url)}
    documents = [_broker(), *(_trigger(name, *where) for name, where in triggers.items())]
    (folder / "all.yaml").write_text(yaml.safe_dump_all(documents))
    listed = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "blog",
        "resources": ["all.yaml"],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(listed))


def _broker() -> dict[str, Any]:
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Broker",
        "metadata": {"name": "default"},
    }


def _trigger(name: str, type_: str, url: str) -> dict[str, Any]:
    return {
        "apiVersion": "eventing.knative.dev/v1",
        "kind": "Trigger",
        "metadata": {"name": name},
        "spec": {
            "broker": "default",
            "filters": [{"exact": {"type": type_}}],
            "subscriber": {"uri": url},
            "delivery": {"retry": 0, "timeout": "PT10M"},
        },
    }
