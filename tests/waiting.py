"""Waiting for what happens in another thread or process: changes when that way of waiting does."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], within: float = 20.0) -> None:
    """Return as soon as `condition` holds; AssertionError after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not so within {within} s"
        time.sleep(0.002)
