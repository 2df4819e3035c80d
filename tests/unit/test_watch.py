"""What a watcher of the broker sees, and what it misses when it does not read."""

import asyncio
import json

import pytest

from broker.watch import ROOM, Backlog, Watcher

ATTRIBUTES = {"type": "T", "source": "/s", "correlationid": "tea-1", "id": "1"}


def news(watcher: Watcher) -> list[bytes]:
    return asyncio.run(watcher.news()).splitlines()


def test_a_watcher_gets_the_lines_in_order() -> None:
    watcher = Watcher({}, data=False)
    watcher.offer(ATTRIBUTES, b"one\n")
    watcher.offer(ATTRIBUTES, b"two\n")
    assert news(watcher) == [b"one", b"two"]


@pytest.mark.parametrize("name", ["type", "source", "correlationid"])
def test_a_watcher_sees_only_what_it_wants(name: str) -> None:
    watcher = Watcher({name: ATTRIBUTES[name]}, data=False)
    watcher.offer({**ATTRIBUTES, name: "another"}, b"unwanted\n")
    watcher.offer({k: v for k, v in ATTRIBUTES.items() if k != name}, b"without it\n")
    watcher.offer(ATTRIBUTES, b"wanted\n")
    assert news(watcher) == [b"wanted"]


def test_who_does_not_read_loses_the_oldest_lines_and_is_told_how_many() -> None:
    watcher = Watcher({}, data=False)
    for number in range(5):
        watcher.offer(ATTRIBUTES, b"%d" % number + b"x" * (ROOM // 2 - 2) + b"\n")
    told, *kept = news(watcher)
    assert json.loads(told) == {"lost": 3}
    assert [line[:1] for line in kept] == [b"3", b"4"]
    watcher.offer(ATTRIBUTES, b"later\n")
    assert news(watcher) == [b"later"]


def test_a_single_line_is_kept_however_long_it_is() -> None:
    backlog = Backlog(3)
    backlog.add(b"longer\n")
    assert backlog.drain() == b"longer\n"


def test_the_end_comes_after_what_there_was() -> None:
    watcher = Watcher({}, data=False)
    watcher.offer(ATTRIBUTES, b"last\n")
    watcher.end()
    assert (news(watcher), watcher.over) == ([b"last"], True)
