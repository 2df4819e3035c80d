"""The probe as a program of its own does for a test what the one beside it does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from eventing.cloudevent import write_binary
from tests.conformance import remote
from tests.conformance.local import wait_until
from tests.conformance.probe import Answer, Never, Probe
from tests.conformance.under_test import an_event, post
from tests.e2e.running import free_ports


@pytest.fixture
def probe() -> Iterator[tuple[str, Probe]]:
    """Where it listens, and the hold of it."""
    events = free_ports(2)
    control = events + 1
    command = [sys.executable, "-m", "tests.conformance.remote", "127.0.0.1"]
    process = subprocess.Popen(
        [*command, str(events), str(control)], env={**os.environ, remote.KEY: "a key"}
    )
    held: list[Probe] = []

    def connected() -> bool:
        with suppress(ConnectionRefusedError):
            held.append(remote.connect(("127.0.0.1", control), "a key"))
        return bool(held)

    try:
        wait_until(connected)
        yield f"http://127.0.0.1:{events}", held[0]
    finally:
        process.kill()
        process.wait()


def test_it_answers_as_scripted_and_tells_what_it_got(probe: tuple[str, Probe]) -> None:
    url, control = probe
    control.script("/s", Answer(503), Answer(202))
    event = an_event("remote")
    headers, body = write_binary(event)
    assert [post(f"{url}/s", headers, body) for _ in range(3)] == [503, 202, 202]
    got = control.wait_for("/s", 3)
    assert [each.event for each in got] == [event] * 3
    assert got[0].headers["ce-id"] == event.id
    assert got[0].at <= got[1].at
    assert control.count() == 3


def test_it_tells_what_has_not_come(probe: tuple[str, Probe]) -> None:
    with pytest.raises(TimeoutError, match="/s: 0 of 1 requests"):
        probe[1].wait_for("/s", 1, 0.0)


def test_it_waits_for_what_is_never_set(probe: tuple[str, Probe]) -> None:
    url, control = probe
    control.script("/s", Answer(after=Never()), Answer(202))
    headers, body = write_binary(an_event("remote"))
    with pytest.raises(TimeoutError):
        post(f"{url}/s", headers, body, within=0.3)
    assert post(f"{url}/s", headers, body) == 202
