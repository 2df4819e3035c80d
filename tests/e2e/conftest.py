"""One running blog for the tests that only look at it from outside, and a browser to look with."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e import browsing
from tests.e2e.running import RunningBlog

LEFT_OUT = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser its tests are left out and named in one line; under CI they fail."""
    if browsing.chromium_path() or os.environ.get("CI"):
        return
    looking = [item for item in items if "browser" in getattr(item, "fixturenames", ())]
    if looking:
        items[:] = [item for item in items if item not in looking]
        config.hook.pytest_deselected(items=looking)
        config.stash[LEFT_OUT] = len(looking)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The line that says why."""
    if LEFT_OUT in config.stash:
        count = config.stash[LEFT_OUT]
        terminalreporter.write_line(f"SKIPPED [{count}] tests of the page: {browsing.MISSING}")


@pytest.fixture(scope="session")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBlog]:
    """The blog with its own functions, ready; stopped when all tests are done."""
    running = RunningBlog(tmp_path_factory.mktemp("blog") / "data").start()
    try:
        yield running.ready()
    finally:
        running.stop()


# Not for the whole session: while it is there, its event loop runs in the tests' own thread.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for the tests of the page in one file."""
    with browsing.started() as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser, blog: RunningBlog) -> Iterator[Page]:
    """The list of posts, as somebody who has never been here sees it."""
    with browsing.tab(browser, blog.url) as opened:
        opened.goto("/")
        yield opened
