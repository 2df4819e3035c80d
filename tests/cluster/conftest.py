"""Leaves out what needs a deployed blog where none is named; changes with how one is."""

import pytest

from tests.cluster.deployed import Deployed


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return True if config.getoption("cluster") is None else None


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The line that says why."""
    if config.getoption("cluster") is None:
        why = "no deployed blog is named: make e2e BASE_URL=... KUBECONFIG=..."
        terminalreporter.write_line(f"SKIPPED the tests of a cluster: {why}")


@pytest.fixture(scope="session")
def cluster(deployed: Deployed | None) -> Deployed:
    """The deployed blog: without one, nothing here is collected."""
    assert deployed is not None
    return deployed
