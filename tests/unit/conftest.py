"""What the unit tests of the relay share."""

from collections.abc import Iterator

import pytest

from tests.unit.relaying import Broker, Clock


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.let_all_go()


@pytest.fixture
def clock() -> Clock:
    return Clock()
