"""Which tests run side by side: what shares nothing may, what takes longest begins first.

Most of a run is waiting (for a disk, a browser, a pause), so there are more workers than
processors. A file's tests stay together, for they share its fixtures.
"""

from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

IMAGES = "tests/images/"
"""Share the images, which take longest of all to make."""

APART = (
    "tests/chaos/test_chaos.py",
    "tests/conformance/test_survival.py",
    "tests/e2e/test_run.py",
    "tests/integration/test_chain.py",
)
"""Files whose tests each start all that they use."""

FIRST = (
    IMAGES,
    "tests/chaos/",
    "tests/e2e/test_replay.py",
    "tests/e2e/hostile/test_naughty_strings.py",
    "tests/e2e/test_page",
    "tests/integration/ingress/test_reads.py",
    "tests/integration/test_chain.py",
    "tests/integration/test_real_input.py",
    "tests/e2e/",
    "tests/conformance/",
)
"""Beginnings of names, longest first: one that came last would be waited for alone."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a worker one file after another, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.startswith(IMAGES):
            return IMAGES
        return nodeid if file in APART else file


def make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """The scheduler for `pytest -n`."""
    config.option.loadscopereorder = False  # by number of tests says nothing about their time
    return ByFile(config, log)


def longest_first(items: list[pytest.Item], root: Path) -> None:
    """Sort the tests as FIRST has it; what it does not name comes last, in its own order."""

    def place(item: pytest.Item) -> int:
        name = item.path.relative_to(root).as_posix()
        return next((i for i, begin in enumerate(FIRST) if name.startswith(begin)), len(FIRST))

    items.sort(key=place)


def chaos_last(items: list[pytest.Item]) -> None:
    """One after another: whatever else fails says sooner and more exactly what is wrong."""
    items.sort(key=lambda item: item.path.parent.name == "chaos")


def needs_server(item: pytest.Item) -> bool:
    """Whether a test needs a database server: PostgreSQL itself, or a pooler in front of it."""
    parameters = getattr(item, "callspec", None)
    chosen = [] if parameters is None else list(parameters.params.values())
    named = getattr(item, "fixturenames", ())
    return "postgres" in named or any(each in ("postgres", "pgbouncer") for each in chosen)
