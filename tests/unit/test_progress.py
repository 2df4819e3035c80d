"""Progress: a bar on a terminal, elsewhere a log line each second at most."""

import io
import logging
from datetime import UTC, datetime, timedelta

import pytest

from eventing.logs import fields_of
from eventing.progress import Progress, share

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def note_four_pages(stream: io.StringIO) -> None:
    """A page each half second, of events that are all as old as the first."""
    clock = Clock()
    progress = Progress(stream, clock)
    for _ in range(4):
        progress.note("http://posts", 500, NOON.isoformat())
        clock.seconds += 0.5
    progress.note("http://posts", 1, NOON.isoformat())
    progress.end()


def test_a_terminal_has_one_line_that_grows_and_goes() -> None:
    terminal = Terminal()
    note_four_pages(terminal)
    _, first, second, end = terminal.getvalue().split("\r")
    assert first.endswith("░   0%  1,500 events, 1,500/s  http://posts")
    assert second.endswith("░   0%  2,001 events, 1,000/s  http://posts")
    assert end == "\x1b[K"


def test_elsewhere_each_second_has_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="eventing.progress"):
        note_four_pages(io.StringIO())
    assert [(each.message, fields_of(each)["events"]) for each in caplog.records] == [
        ("replaying", 1_500),
        ("replaying", 2_001),
        ("replayed", 2_001),
    ]


@pytest.mark.parametrize(
    ("moment", "now", "passed"), [(0, 10, 0.0), (5, 10, 0.5), (10, 10, 1.0), (11, 10, 1.0)]
)
def test_how_far_it_is_shows_in_the_time_of_an_event(moment: int, now: int, passed: float) -> None:
    times = (NOON + timedelta(days=days) for days in (moment, now))
    assert share(NOON, *times) == passed


def test_what_began_now_is_done() -> None:
    assert share(NOON, NOON, NOON) == 1.0
