"""A Service of the cluster, answered on this machine; changes with how one gets in.

A Knative Service at zero has no pod that a port could be forwarded to. Its name leads to the
cluster's internal gateway, which has one always, and wakes the Service that the Host header names.
"""

import atexit
import os
import re
import subprocess
import threading
from collections import deque

from broker.cluster.kubectl import ClusterRefused, get

NAMES = ".svc.cluster.local"
_forwards: dict[str, str] = {}
_forwarding = threading.Lock()  # several functions are asked at once, by the same way in
_FORWARDING = re.compile(r"Forwarding from (127\.0\.0\.1:\d+) ")


def reached(host: str) -> str:
    """`127.0.0.1:PORT`, where port 80 of `SERVICE.NAMESPACE.svc.cluster.local` is answered."""
    service, namespace = host.split(".")[:2]
    behind: str | None = get("service", service, namespace)["spec"].get("externalName")
    return reached(behind) if behind else forwarded(f"service/{service}", namespace, 80)


def forwarded(target: str, namespace: str, port: int) -> str:
    """`127.0.0.1:PORT`, forwarded until this process ends; ClusterRefused with kubectl's words."""
    with _forwarding:
        if target not in _forwards:
            _forwards[target] = _forward(target, namespace, port)
        return _forwards[target]


def _forward(target: str, namespace: str, port: int) -> str:
    where = ["-n", namespace, "--address", "127.0.0.1"]
    command = ["kubectl", "port-forward", target, f":{port}", *where]
    out, into = os.pipe()
    process = subprocess.Popen(command, stdout=into, stderr=into)  # noqa: S603
    os.close(into)
    atexit.register(process.terminate)
    said = os.fdopen(out, errors="replace")
    line = said.readline()
    if found := _FORWARDING.match(line):
        # It says a line for each connection, and would stand still once nobody reads them.
        threading.Thread(target=deque, args=(said, 0), daemon=True).start()
        return found[1]
    raise ClusterRefused(f"kubectl port-forward {target}: {line}{said.read()}".strip())
