"""One running blog for the tests that only look at it from outside."""

from collections.abc import Iterator

import pytest

from tests.e2e.running import RunningBlog


@pytest.fixture(scope="session")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBlog]:
    """The blog with its own functions, ready; stopped when all tests are done."""
    running = RunningBlog(tmp_path_factory.mktemp("blog") / "data").start()
    try:
        yield running.ready()
    finally:
        running.stop()
