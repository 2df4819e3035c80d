"""When the chaos test runs: changes with that."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Last of all: whatever else fails says sooner and more exactly what is wrong."""
    items.sort(key=lambda item: item.path.parent == Path(__file__).parent)
