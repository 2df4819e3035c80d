"""The stores of answers under attack and on a bad disk: what is known is given out all the same."""

import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.disks import disk, fill
from tests.integration.ingress.door import (
    IN_A_CLUSTER,
    START,
    Door,
    Form,
    opened,
    prepared,
    running,
)
from tests.integration.ingress.test_reads import next_second, older, read
from tests.waiting import until

PAGES = ["/api/posts", "/api/feed.xml", "/api/posts/p1", "/api/posts/p1/comments"]
MANY = 500
FLOODS: dict[str, tuple[int, Callable[[int], str]]] = {
    "posts that do not exist": (404, lambda number: f"/api/posts/{number}"),
    "their comments": (404, lambda number: f"/api/posts/{number}/comments"),
    "long addresses": (404, lambda number: f"/api/posts/{'x' * 2_000}{number}"),
    "cursors": (200, lambda number: f"/api/posts?cursor={number}"),
    "limits": (200, lambda number: f"/api/posts/p1/comments?limit={number}"),
    "single comments": (200, lambda number: f"/api/posts/p1/comments/{number}"),
}


def test_what_nobody_asks_for_leaves_the_disk_within_a_minute() -> None:
    template = (START.parent / "reads.conf.template").read_text()
    assert re.findall(r"inactive=(\w+)", template) == ["30s"] * 3


@pytest.fixture(scope="module")
def small(form: Form, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A door whose stores have room for a few hundred answers each."""
    folder = tmp_path_factory.mktemp("small")
    shutil.copytree(START.parent, folder / "nginx")
    config = folder / "nginx" / "reads.conf.template"
    text = config.read_text()
    for size in ("1m", "4m"):
        text = text.replace(f":{size} max_size", ":32k max_size")
    assert text.count(":32k max_size") == 3
    config.write_text(text)
    with prepared(form, folder) as door:
        door.start = folder / "nginx" / "start.sh"
        with running(door):
            yield door


def all_known(door: Door) -> None:
    """The answers to all of PAGES are kept, and about a second old."""
    door.query.body = b"known"
    assert [read(door, page).status for page in PAGES] == [200] * len(PAGES)
    next_second()


@IN_A_CLUSTER
@pytest.mark.parametrize("name", FLOODS)
def test_nobody_can_make_the_door_forget_what_is_known(small: Door, name: str) -> None:
    small.forget()
    all_known(small)
    small.query.status, path = FLOODS[name]
    with ThreadPoolExecutor(8) as readers:
        asked = list(readers.map(lambda number: read(small, path(number)), range(MANY)))
    assert {answer.status for answer in asked} == {small.query.status}
    next_second()
    small.query.sleep()
    assert [read(small, page).body for page in PAGES] == [b"known"] * len(PAGES)
    small.query.wake()


@IN_A_CLUSTER
def test_no_copy_of_the_door_gives_out_for_long_what_has_been_deleted(
    form: Form, tmp_path: Path
) -> None:
    """The function sleeps, so no copy finds out: what each has kept ends by itself."""
    with ExitStack() as stack:
        doors = [stack.enter_context(opened(form, tmp_path / name)) for name in ("a", "b")]
        for door in doors:
            all_known(door)
            older(door, 31)
            door.query.sleep()
        statuses = [read(door, page).status for door in doors for page in PAGES[:2]]
    assert statuses == [504] * len(statuses)


@pytest.fixture
def full(form: Form, tmp_path: Path) -> Iterator[tuple[Door, Path]]:
    """A door whose disk has no room left, and the file that takes it."""
    (tmp_path / "door").mkdir()
    with prepared(form, tmp_path / "door") as door, disk(door.state), running(door):
        until(lambda: read(door, "/api/posts/first").status == 200)  # the start has ended
        yield door, fill(door.state)


def test_reads_and_writes_go_on_while_the_disk_is_full(full: tuple[Door, Path]) -> None:
    door, filler = full
    door.query.body = b"x" * 700_000  # more than is held in memory for one answer
    for page in PAGES:
        for _ in range(3):
            assert read(door, page).body == door.query.body
    assert door.ask("POST", "/api/posts", body=b"x" * 200_000).status == 200
    filler.unlink()
    until(lambda: read(door, "/api/posts").cache == "sleeping-blog; hit")


@pytest.mark.parametrize("names", [["answers", "pages"], ["fresh", "answers", "pages"]])
def test_reads_go_on_when_the_folders_of_the_stores_are_removed(
    form: Form, tmp_path: Path, names: list[str]
) -> None:
    with opened(form, tmp_path) as door:
        all_known(door)
        for name in names:
            shutil.rmtree(door.state / name)
        for page in PAGES:
            assert [read(door, page).status for _ in range(3)] == [200] * 3
