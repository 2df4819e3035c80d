"""A cluster as the verbs see it: a kubectl that answers from a file, and the gateway behind it.

The functions are those of a blog on this machine. Changes with what the verbs need of a cluster.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.e2e import pretended_kubectl
from tests.e2e.running import BLOG

GATEWAY = "kourier-internal.kourier-system.svc.cluster.local"


class Cluster:
    """`functions` and `broker` are ports; `objects` is what `kubectl get WORDS` shows besides."""

    def __init__(
        self, folder: Path, functions: Mapping[str, int], broker: int, objects: Mapping[str, Any]
    ) -> None:
        self.gateway = Gateway(functions, broker)
        self._file, kubectl = folder / "cluster.json", folder / "kubectl"
        kubectl.write_text(
            f'#!/bin/sh\nexec {sys.executable} -ES {pretended_kubectl.__file__} "$@"\n'
        )
        kubectl.chmod(0o755)
        path = f"{folder}:{os.environ['PATH']}"
        self._env = {**os.environ, "PATH": path, "CLUSTER": str(self._file)}
        gateway = self.gateway.server_port
        ports = {"service/kourier-internal": gateway, "service/broker-ingress": gateway}
        services = {
            **{f"service {name}": {"spec": {"externalName": GATEWAY}} for name in functions},
            **{name.replace("/", " "): {"spec": {}} for name in ports},
        }
        self._file.write_text(json.dumps({"objects": {**objects, **services}, "ports": ports}))

    def blog(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """`blog --cluster` with these arguments."""
        return subprocess.run(
            [str(BLOG), "--cluster", *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=self._env,
            timeout=60,
        )

    def change(self, kind: str, items: list[Any]) -> None:
        """From now on kubectl shows these objects of that kind."""
        cluster = json.loads(self._file.read_text())
        cluster["objects"][kind] = {"items": items}
        self._file.write_text(json.dumps(cluster))

    def without(self, kind: str) -> None:
        """From now on the cluster does not know that kind."""
        cluster = json.loads(self._file.read_text())
        cluster["objects"].pop(kind)
        self._file.write_text(json.dumps(cluster))

    def created(self) -> Any:
        """What kubectl was told to create last."""
        return json.loads(self._file.read_text())["created"]


class Gateway(ThreadingHTTPServer):
    """Passes a request on to what its Host header names: a function, or the broker."""

    daemon_threads = True

    def __init__(self, functions: Mapping[str, int], broker: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.asked = 0
        self.ports = {f"{name}.blog.svc.cluster.local": port for name, port in functions.items()}
        self.ports["broker-ingress.knative-eventing.svc.cluster.local"] = broker
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.shutdown()
        self.server_close()


class _Passing(BaseHTTPRequestHandler):
    server: Gateway

    def do_GET(self) -> None:
        self.server.asked += 1
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        port = self.server.ports[self.headers["host"]]
        with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as function:
            # In a cluster functions take any Host; on this machine, as these do, only its names.
            headers = {**dict(self.headers.items()), "Host": f"127.0.0.1:{port}"}
            function.request(self.command, self.path, body, headers)
            answer = function.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.read())

    do_HEAD = do_POST = do_GET  # noqa: N815 - http.server's names

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""
