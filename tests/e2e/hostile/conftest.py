"""The running blog that is attacked; changes with what must be true of it afterwards."""

from collections.abc import Iterator

import psutil
import pytest

from tests.e2e.hostile.outsider import TOKEN, Outsider
from tests.e2e.running import RunningBlog, environment

GROWTH = 64 * 2**20  # bytes that a process may hold on to after it was attacked


@pytest.fixture(scope="session")
def _guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBlog]:
    data = tmp_path_factory.mktemp("guarded") / "data"
    running = RunningBlog(data, environment(AUTHOR_TOKEN=TOKEN)).start()
    try:
        yield running.ready()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def guarded(_guarded: RunningBlog) -> Iterator[RunningBlog]:
    """A blog with an author, to be attacked: afterwards it lives, has not grown, did not fail."""
    before, said = sizes(_guarded), len(_guarded.said())
    yield _guarded
    after = sizes(_guarded)
    assert after.keys() == before.keys(), "a process was lost, and started again"
    grown = {one.name(): after[one] - before[one] for one in after}
    assert max(grown.values()) < GROWTH, grown
    assert failures(_guarded.said()[said:]) == []


@pytest.fixture(scope="module")
def outsider(guarded: RunningBlog) -> Outsider:
    """Somebody who asks through the ingress."""
    return Outsider(guarded.port)


def sizes(running: RunningBlog) -> dict[psutil.Process, int]:
    """What each process of the blog holds in memory, in bytes."""
    # nginx's cache loader ends by itself after a minute.
    lasting = [one for one in running.family() if "cache loader" not in " ".join(one.cmdline())]
    return {process: process.memory_info().rss for process in lasting}


def failures(said: str) -> list[str]:
    """Lines about something that the code did not foresee."""
    signs = ("Traceback", '"exception"')
    # What aiohttp says of bytes that are no request, after it has answered 400.
    lines = [line for line in said.splitlines() if "Error handling request from" not in line]
    return [line for line in lines if any(sign in line for sign in signs)]
