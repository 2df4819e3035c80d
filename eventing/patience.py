"""Who may be kept waiting: the server's own thread, in which everybody is served, may not."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

Answered = TypeVar("Answered")

# Seconds that everybody waits for one. A commit takes less, even where a disk is slow.
LONGEST_AT_ONCE = 0.02

_at_once: ContextVar[bool] = ContextVar("at_once", default=False)


class _StepAside(BaseException):
    """Goes up through whatever handles errors, as a task's cancellation does."""


def answer_at_once(act: Callable[[], Answered]) -> Answered | None:
    """What `act` returns; None when that would take time: it has stepped aside, with no effect."""
    token = _at_once.set(True)
    try:
        return act()
    except _StepAside:
        return None
    finally:
        _at_once.reset(token)


def step_aside() -> None:
    """Go on only where one may wait; elsewhere the request begins anew in a thread of its own.

    Called before anything that takes time, and before anything that has an effect.
    """
    if _at_once.get():
        raise _StepAside


def waiting_time(most: float) -> float:
    """Seconds to wait for what others hold: `most` where one may."""
    return min(most, LONGEST_AT_ONCE) if _at_once.get() else most
