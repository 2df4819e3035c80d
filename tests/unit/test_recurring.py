"""Recurring work: called in its turn, at once when woken, again after a failure."""

import logging
import threading

import pytest

from eventing.database import StorageUnavailable
from eventing.recurring import Recurring

NEVER = 3_600.0


def test_it_is_called_in_its_turn_until_it_is_stopped() -> None:
    called = threading.Semaphore(0)
    recurring = Recurring("test", called.release, seconds=0.01)

    recurring.start()

    assert all(called.acquire(timeout=10) for _ in range(3))
    recurring.stop()
    assert not recurring._thread.is_alive()  # type: ignore[union-attr] # noqa: SLF001


def test_it_is_called_at_once_when_woken() -> None:
    called = threading.Semaphore(0)
    recurring = Recurring("test", called.release, seconds=NEVER)

    recurring.start()
    recurring.wake()

    assert called.acquire(timeout=10)
    recurring.stop()


@pytest.mark.parametrize("error", [StorageUnavailable("busy"), ValueError("a fault of ours")])
def test_a_failure_is_logged_and_the_next_call_comes(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    tried = threading.Semaphore(0)

    def fail() -> None:
        tried.release()
        raise error

    recurring = Recurring("test", fail, seconds=0.01)
    recurring.start()

    assert all(tried.acquire(timeout=10) for _ in range(2))
    recurring.stop()
    assert caplog.records[0].levelno >= logging.WARNING
