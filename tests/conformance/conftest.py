"""Gives each module a broker with the Triggers that its TRIGGERS names."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.conformance.local import LocalBroker
from tests.conformance.under_test import BrokerUnderTest, ProbeTrigger

StartBroker = Callable[[Sequence[ProbeTrigger]], LocalBroker]


@pytest.fixture(scope="module")
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrokerUnderTest]:
    """The broker of a whole module: installing Triggers takes a real one seconds."""
    local = LocalBroker(tmp_path_factory.mktemp("broker"), request.module.TRIGGERS)
    yield local
    local.close()


@pytest.fixture
def start_broker(tmp_path: Path) -> Iterator[StartBroker]:
    """Starts local brokers of a test's own, which it may kill."""
    started: list[LocalBroker] = []

    def start(triggers: Sequence[ProbeTrigger]) -> LocalBroker:
        started.append(LocalBroker(tmp_path / f"broker-{len(started)}", triggers))
        return started[-1]

    yield start
    for local in started:
        local.close()
