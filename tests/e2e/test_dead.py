"""`blog dead`: what subscribers did not take is seen, delivered again, given up, and leaves."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from broker.runner.settings import PROJECT
from tests.e2e.running import BROKER, DEAD_LETTERS, POSTS, RunningBlog, environment, eventually

# -P: `broker` is the copy's, so everything that it finds beside itself is the copy's too.
ENTRY = (sys.executable, "-P", "-c", "from broker.cli import main; main(prog_name='blog')")
TEXT = "a text that nobody may find again"


class Copy(RunningBlog):
    """A copy of the blog in which nothing is tried twice, and whose word list can be taken away."""

    def __init__(self, folder: Path) -> None:
        root, self.list_file = project(folder / "project"), folder / "words.txt"
        self.list_file.write_text("orange\n")
        env = environment(PYTHONPATH=str(root), WORDS_FILE=str(self.list_file))
        super().__init__(folder / "data", env, ENTRY)

    def dead(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        ports = {"BROKER_PORT": str(self.port + BROKER), "FUNCTION_PORT": str(self.port + POSTS)}
        return subprocess.run(
            [*ENTRY, "dead", *arguments],
            check=False,
            capture_output=True,
            text=True,
            env={**self.env, **ports},
            timeout=60,
        )

    def letters(self, *arguments: str) -> list[dict[str, Any]]:
        listed = json.loads(self.dead(*arguments, "--json").stdout)
        assert listed["keptByBroker"] == []
        found: list[dict[str, Any]] = listed["deadLetters"]
        return found

    def written(self, path: str, **document: str) -> dict[str, Any]:
        """What was written, once whoever has to know of it does."""
        answers: list[tuple[int, dict[str, Any]]] = []

        def write() -> bool:
            answers.append(self.ask("POST", path, document))
            return answers[-1][0] == 201

        eventually(write)
        return answers[-1][1]

    def publish(self, **attributes: str) -> int:
        """Send an event without data by hand: whatever it is, it is wrong."""
        with closing(HTTPConnection("127.0.0.1", self.port + BROKER, timeout=20)) as connection:
            headers = {f"ce-{name}": value for name, value in attributes.items()}
            headers |= {"ce-specversion": "1.0", "Content-Type": "application/json"}
            connection.request("POST", "/blog/default", b"{}", headers)
            return connection.getresponse().status

    def counts(self, name: str) -> int:
        """The sum of one count over all Triggers, as the broker tells it."""
        with urlopen(f"{self.broker_url}/status") as answer:  # noqa: S310 - on this machine
            triggers = json.load(answer)["triggers"]
        return sum(counted[name] for counted in triggers.values())


def project(folder: Path) -> Path:
    """A copy of the project whose Triggers give up at the first failure."""
    skipped = shutil.ignore_patterns("__pycache__")
    for part in ("broker", "eventing", "functions", "knative/base"):
        shutil.copytree(PROJECT / part, folder / part, ignore=skipped)
    for file in (folder / "knative" / "base").iterdir():
        file.write_text(file.read_text().replace("retry: 5", "retry: 0"))
    (folder / "web" / "dist").mkdir(parents=True)
    (folder / "web" / "dist" / "index.html").write_text("<!doctype html>")
    shutil.copytree(PROJECT / "web" / "nginx", folder / "web" / "nginx")
    return folder


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    copy = Copy(tmp_path_factory.mktemp("dead"))
    copy.start()
    try:
        copy.ready()
        yield copy
    finally:
        copy.kill()


def test_nothing_is_dead_at_first(blog: Copy) -> None:
    assert blog.dead().stdout == "Nothing is dead.\n"


def test_what_time_heals_is_delivered_without_an_order(blog: Copy) -> None:
    words = blog.list_file.read_text()
    blog.list_file.unlink()
    post = blog.written("/posts", title="A post")
    path = f"/posts/{post['id']}/comments"
    comments = [blog.written(path, content=content) for content in ("Well said", "An orange")]
    eventually(lambda: len(blog.letters()) == 2)
    listed = blog.dead("--trigger", "moderation-comment-created").stdout
    for comment in comments:
        assert f"CommentCreated {comment['id']}.1 from /comments: answered 500" in listed
    assert listed.count("\n    tried again by itself, next in ") == 2
    assert [letter["waitsForPerson"] for letter in blog.letters()] == [False, False]

    again = blog.dead("redrive", "--all")
    assert (again.returncode, again.stdout) == (1, "0 delivered, 2 failed\n")
    assert again.stderr.count("answered 500") == 2

    blog.list_file.write_text(words)
    eventually(lambda: not blog.letters(), within=20)
    assert blog.dead().stdout == "Nothing is dead.\n"
    eventually(
        lambda: (
            [blog.ask("GET", f"{path}/{each['id']}")[1].get("status") for each in comments]
            == ["approved", "rejected"]
        )
    )


def test_an_order_to_deliver_and_delivery_by_itself_do_not_disturb_each_other(blog: Copy) -> None:
    words = blog.list_file.read_text()
    blog.list_file.unlink()
    post = blog.written("/posts", title="A post")
    for number in range(5):
        blog.written(f"/posts/{post['id']}/comments", content=f"Number {number}")
    eventually(lambda: len(blog.letters()) == 5)
    blog.list_file.write_text(words)
    mended = blog.dead("redrive", "--trigger", "moderation-comment-created")
    assert (mended.returncode, mended.stderr) == (0, "")
    assert mended.stdout.endswith(" delivered, 0 failed\n")
    assert blog.dead().stdout == "Nothing is dead.\n"


def test_a_forged_event_is_dead_at_once_and_can_be_given_up(blog: Copy) -> None:
    assert blog.publish(type="PostUpdated", source="/posts", id="forged") == 202
    eventually(lambda: len(blog.letters()) == 1)
    [letter] = blog.letters()
    assert (letter["trigger"], letter["reason"]) == ("query-post-updated", "answered 422")
    assert letter["waitsForPerson"]
    assert "waits for a person: redrive it or discard it" in blog.dead().stdout
    assert json.loads(blog.dead("show", letter["id"]).stdout)["event"]["data"] == {}
    assert "data is no PostState" in blog.dead("redrive", letter["id"]).stderr
    assert blog.dead("discard", letter["id"], "--reason", "forged").returncode == 0
    assert blog.dead().stdout == "Nothing is dead.\n"
    assert "discarded: forged" in blog.dead("--discarded").stdout
    assert "discarded: forged" in blog.dead("redrive", letter["id"]).stderr


def test_what_the_dead_letter_sink_does_not_take_is_kept_by_the_broker_and_listed(
    blog: Copy,
) -> None:
    function, broker = blog.program("--target dead_letters"), blog.program("broker.serve")
    blog.process.send_signal(signal.SIGSTOP)  # nobody starts anything again
    try:
        function.kill()
        eventually(lambda: not blog.listens(DEAD_LETTERS))
        assert blog.publish(type="PostUpdated", source="/posts", id="stuck") == 202
        eventually(lambda: blog.counts("dead") == 1)
        listed, told = blog.dead(), blog.dead("--json")
        broker.kill()
    finally:
        blog.process.send_signal(signal.SIGCONT)
    assert "kept by the broker" in listed.stdout
    for answer in (listed, told):
        assert (answer.returncode, answer.stderr[:25]) == (1, "Error: nothing answers at")
    [kept] = json.loads(told.stdout)["keptByBroker"]
    assert (kept["event"]["id"], kept["failures"]) == ("stuck", 1)
    assert not {"time", "attempts"} & kept.keys()
    eventually(lambda: "broker is up again" in blog.said())
    eventually(lambda: blog.counts("dead") == 0)
    eventually(lambda: [letter["event"]["id"] for letter in blog.letters()] == ["stuck"])
    assert blog.dead("discard", blog.letters()[0]["id"], "--reason", "forged").returncode == 0


@pytest.mark.parametrize("arguments", [[], ["id", "--all"], ["--all", "--trigger", "t"]])
def test_what_is_delivered_again_has_to_be_named_once(blog: Copy, arguments: Sequence[str]) -> None:
    assert "name one ID, or --trigger, or --all" in blog.dead("redrive", *arguments).stderr


def test_an_id_that_is_not_there_is_one_line(blog: Copy) -> None:
    for command in (["show"], ["redrive"], ["discard", "--reason", "none"]):
        answer = blog.dead(command[0], "no-such-id", *command[1:])
        assert answer.returncode == 1
        assert "There is no such dead letter." in answer.stderr
        assert answer.stderr.count("\n") == 1


def test_after_a_post_is_deleted_no_file_has_its_texts_or_those_of_its_comments(
    blog: Copy,
) -> None:
    post = blog.written("/posts", title=f"title: {TEXT}", body=f"body: {TEXT}" * 500)
    path = f"/posts/{post['id']}"
    judged = blog.written(f"{path}/comments", content=f"judged: {TEXT}", author=TEXT)
    seen = f"{path}/comments/{judged['id']}"
    eventually(lambda: blog.ask("GET", seen)[1].get("status") == "approved")
    words = blog.list_file.read_text()
    blog.list_file.unlink()
    blog.written(f"{path}/comments", content=f"dead: {TEXT}", author=TEXT)
    eventually(lambda: len(blog.letters()) == 1)
    assert found(blog.data, TEXT)
    assert blog.ask("DELETE", path)[0] == 204
    blog.list_file.write_text(words)
    eventually(lambda: not blog.letters() and not blog.counts("waiting"))
    assert blog.stop() == 0
    assert found(blog.data, TEXT) == []


def found(data: Path, text: str) -> list[str]:
    """The database files with this text anywhere, in what is free or still to be copied too."""
    for file in data.glob("*.db"):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return [file.name for file in data.glob("*.db*") if text.encode() in file.read_bytes()]


def test_without_a_blog_it_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    unused = Copy(tmp_path)
    answer = unused.dead()
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Error: nothing answers at {unused.broker_url} (")
    assert answer.stderr.count("\n") == 1
