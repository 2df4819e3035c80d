"""The images under test, built once: changes with which of them are looked at."""

import os
from collections.abc import Iterator

import pytest

from tests.images import containers


@pytest.fixture(scope="session")
def images() -> None:
    """Images of two functions and of web; without what it takes the tests are left out."""
    if reason := containers.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    containers.make_bases()
    containers.build("posts", "query", "web")


@pytest.fixture(scope="module")
def posts(images: None) -> Iterator[containers.Container]:  # noqa: ARG001 - they have to be there
    """The function `posts` in a container as a cluster has it."""
    url = "sqlite:////tmp/posts.db"
    with containers.running("posts", *containers.UNPRIVILEGED, DATABASE_URL=url) as container:
        yield container
