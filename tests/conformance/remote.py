"""The probe as a program in a pod, and the remote control by which tests script it."""

import os
import sys
from multiprocessing.managers import BaseManager
from typing import TYPE_CHECKING

from tests.conformance.probe import Probe

KEY = "PROBE_KEY"


class Control(BaseManager):
    """Calls of the probe's methods over a connection that only holders of the key can open."""

    if TYPE_CHECKING:

        def probe(self) -> Probe:
            """A stand-in for the probe: each call is made where the probe is."""


def serve(host: str, events: int, control: int) -> None:
    """Answer events for the broker, and calls on loopback, where a port-forward comes from."""
    probe = Probe((host, events))
    Control.register("probe", callable=lambda: probe)
    Control(("127.0.0.1", control), os.environ[KEY].encode()).get_server().serve_forever()


def connect(address: tuple[str, int], key: str) -> Probe:
    """The probe behind that address."""
    Control.register("probe")
    control = Control(address, key.encode())
    control.connect()
    return control.probe()


if __name__ == "__main__":
    serve(sys.argv[1], *map(int, sys.argv[2:]))
