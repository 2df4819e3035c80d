"""`blog outbox`: an event that the broker refuses is seen, tried again and given up."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import pytest

from eventing import outbox
from eventing.cloudevent import CloudEvent
from eventing.database import Database
from tests.e2e.pretended import Cluster
from tests.e2e.running import BLOG, BROKER, COMMENTS, POSTS, RunningBlog, eventually

Verb = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def here(blog: RunningBlog) -> Verb:
    """`blog outbox` on this machine."""
    env = {**blog.env, "FUNCTION_PORT": str(blog.port + POSTS)}

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(BLOG), "outbox", *arguments]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, env=env, timeout=120
        )

    return run


@pytest.fixture
def there(blog: RunningBlog, tmp_path: Path) -> Iterator[Verb]:
    """`blog --cluster outbox`."""
    ports = {"posts": blog.port + POSTS, "comments": blog.port + COMMENTS}
    others = {"moderation": blog.port + COMMENTS + 1, "dead-letters": blog.port + COMMENTS + 3}
    cluster = Cluster(tmp_path, ports | others, blog.port + BROKER, {})
    yield lambda *arguments: cluster.blog("outbox", *arguments)
    cluster.gateway.close()


@pytest.fixture(params=["here", "there"])
def verb(request: pytest.FixtureRequest) -> Verb:
    run: Verb = request.getfixturevalue(request.param)
    return run


class Post:
    """A post with an event that is larger than the broker takes, and a later one behind it."""

    def __init__(self, blog: RunningBlog) -> None:
        self.blog, self.event_id = blog, f"large-{uuid4().hex}"
        post = blog.ask("POST", "/posts", {"title": "Before"})[1]
        self.id = post["id"]
        database = Database(f"sqlite:///{blog.data / 'posts.db'}", [])
        data = json.dumps({**post, "added": "x" * 2**21}).encode()
        kind = {"source": "/posts", "type": "PostUpdated", "subject": self.id}
        event = CloudEvent(id=self.event_id, time="2026-01-31T12:00:00.000000Z", data=data, **kind)
        with database.transaction() as tx:
            outbox.append(tx, event, entity=self.id)
        database.close()
        assert blog.ask("PATCH", f"/posts/{self.id}", {"title": "After"})[0] == 200
        eventually(lambda: self.event_id in [each["about"] for each in self.troubles()])

    def troubles(self) -> list[dict[str, Any]]:
        with urlopen(f"http://127.0.0.1:{self.blog.port + POSTS}/status") as answer:
            told: list[dict[str, Any]] = json.load(answer)["troubles"]
        return told

    def title(self) -> object:
        return (self.blog.ask("GET", f"/posts/{self.id}")[1] or {}).get("title")


def test_a_refused_event_is_seen_tried_again_and_given_up(blog: RunningBlog, verb: Verb) -> None:
    post = Post(blog)
    assert {"kind": "event-refused"}.items() <= post.troubles()[0].items()

    listed = json.loads(verb("--json").stdout)["refused"]
    [entry] = [each for each in listed if each["event"]["id"] == post.event_id]
    assert (entry["function"], entry["status"], entry["behind"]) == ("posts", 413, 1)
    assert f"PostUpdated {post.event_id} from /posts" in verb().stdout
    assert json.loads(verb("show", post.event_id).stdout)["event"]["subject"] == post.id

    again = verb("retry", post.event_id)
    assert (again.returncode, again.stdout) == (1, "0 published, 1 failed\n")
    assert f"{post.event_id}: answered 413: an event has at most" in again.stderr
    assert post.title() in ("Before", None)

    assert verb("discard", post.event_id, "--reason", "made by hand").returncode == 0
    eventually(lambda: post.title() == "After")
    assert "discarded: made by hand" in verb("--discarded").stdout
    assert post.event_id not in verb("--json").stdout
    assert post.troubles() == []


def test_outboxes_are_not_for_readers(blog: RunningBlog) -> None:
    assert blog.ask("GET", "/outbox")[0] == 404
    assert blog.ask("POST", "/outbox/x/retry", {})[0] in (404, 405)


def test_an_unknown_event_is_named(here: Verb) -> None:
    for arguments in (("show", "x"), ("retry", "x"), ("discard", "x", "--reason", "y")):
        answer = here(*arguments)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert "no event x was refused" in answer.stderr


def test_with_nothing_refused_it_says_so(here: Verb) -> None:
    assert here().stdout == "No event is refused.\n"
    assert here("retry", "--all").stdout == "0 published, 0 failed\n"
    assert here("retry").returncode == 2


def test_functions_that_do_not_answer_are_named(here: Verb) -> None:
    answer = here("--function-port", "9")
    assert answer.returncode == 1
    assert "nothing answers" in answer.stderr
