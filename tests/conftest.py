"""What every test relies on: changes when the way tests run does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from eventing import idempotency, outbox
from eventing.database import Database

# The same examples each time and no deadline: a test fails for what the code does, not for the
# machine it runs on.
settings.register_profile("blog", deadline=None, derandomize=True)
settings.load_profile("blog")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A function's own database with nothing of a function's own in it yet."""
    folders = [outbox.MIGRATIONS, idempotency.MIGRATIONS]
    database = Database(f"sqlite:///{tmp_path / 'data' / 'function.db'}", folders)
    yield database
    database.close()
