"""Times as the wire has them: RFC 3339 in UTC with microseconds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], str]


def now() -> str:
    """The time, as in `2026-01-31T12:00:00.000000Z`; such texts sort by time."""
    return to_text(datetime.now(UTC))


def ago(time: str, span: timedelta) -> str:
    """The time `span` before `time`."""
    return to_text(datetime.fromisoformat(time) - span)


def to_text(moment: datetime) -> str:
    """A moment in UTC as text."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
