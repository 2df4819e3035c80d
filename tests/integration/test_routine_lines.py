"""What copies and monitors ask for again and again is no line each; what is refused is."""

import logging
from pathlib import Path

import pytest

from tests.databases import Files
from tests.integration.blog import client


@pytest.mark.parametrize(
    ("path", "lines"), [("/events", 0), ("/status", 0), ("/events?after=nonsense", 1)]
)
def test_only_what_is_refused_is_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str, lines: int
) -> None:
    posts = client("posts", Files(tmp_path))
    caplog.set_level(logging.INFO)
    posts.get(path)
    requests = [each for each in caplog.records if each.getMessage() == "request"]
    assert len(requests) == lines
