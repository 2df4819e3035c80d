"""A blog over real HTTP, and files to load into it: changes when what all these tests need does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.load.small_blog import SmallBlog, serving
from tests.integration.load.verb import write


@pytest.fixture
def blog() -> Iterator[SmallBlog]:
    with serving(SmallBlog()) as small_blog:
        yield small_blog


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    folder = tmp_path / "posts"
    folder.mkdir()
    for name in ("b", "c", "a"):
        (folder / f"{name}.md").write_bytes(f"# Post {name}\r\n\r\nText of {name}.\n".encode())
    return folder


@pytest.fixture
def comments(tmp_path: Path) -> Path:
    return write(tmp_path / "comments.csv", "content", *(f"comment {n}" for n in range(7)))
