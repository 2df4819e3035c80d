"""Gives each module a broker with the Triggers that its TRIGGERS names; changes with which."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.cluster.deployed import Deployed
from tests.conformance.local import LocalBroker
from tests.conformance.real import RealBroker
from tests.conformance.under_test import BrokerUnderTest, ProbeTrigger

StartBroker = Callable[[Sequence[ProbeTrigger]], LocalBroker]


DIFFERS = "differs_from_knative"
LOCAL = "it kills, fills or reads the local broker, decision 14"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{DIFFERS}(why): holds for the local broker only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Against a cluster, leave out what cannot hold there, with the reason."""
    if config.getoption("cluster") is None:
        return
    for item in items:
        if "start_broker" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.skip(LOCAL))
        elif differs := item.get_closest_marker(DIFFERS):
            item.add_marker(pytest.mark.skip(f"{differs.args[0]}, decisions 13 and 83"))


@pytest.fixture(scope="module")
def broker(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    deployed: Deployed | None,
) -> Iterator[BrokerUnderTest]:
    """The broker of a whole module: installing Triggers takes a real one seconds."""
    subject: LocalBroker | RealBroker
    if deployed is None:
        subject = LocalBroker(tmp_path_factory.mktemp("broker"), request.module.TRIGGERS)
    else:
        subject = RealBroker(request.module.TRIGGERS, deployed.say)
    yield subject
    subject.close()


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
