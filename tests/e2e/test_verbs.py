"""`blog send`, `status` and `events` against a running blog, and the log beside them."""

import json
import signal
import socket
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

from eventing.cloudevent import STRUCTURED, read_event
from tests.e2e.running import BLOG, BROKER, POSTS, RunningBlog, environment, eventually

CHAIN = ["CommentCreated", "CommentModerated", "CommentUpdated"]


def at(blog: RunningBlog) -> dict[str, str]:
    return environment(BROKER_PORT=str(blog.port + BROKER), DATA_DIR=str(blog.data))


def verb(blog: RunningBlog, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(BLOG), *arguments],
        check=False,
        capture_output=True,
        text=True,
        input=stdin,
        env=at(blog),
        timeout=60,
    )


def commented(blog: RunningBlog, correlation: str) -> dict[str, Any]:
    """A new comment, on a new post, of a caller with a correlation id of their own."""
    _, post = blog.ask("POST", "/posts", {"title": "Followed"})
    answers: list[tuple[int, Any]] = []

    def taken() -> bool:
        path, document = f"/posts/{post['id']}/comments", {"content": "Who follows me?"}
        answers.append(blog.ask("POST", path, document, correlation=correlation))
        return answers[-1][0] == 201

    eventually(taken)
    comment: dict[str, Any] = answers[-1][1]
    return comment


def logged(blog: RunningBlog, correlation: str) -> list[dict[str, Any]]:
    """The log's lines with that id."""
    lines = [line for line in blog.said().splitlines() if line.startswith("{")]
    return [
        told for line in lines if (told := json.loads(line)).get("correlationid") == correlation
    ]


def test_one_correlation_id_follows_a_comment_through_all_functions(blog: RunningBlog) -> None:
    followed = f"tea-{uuid4().hex}"
    comment = commented(blog, followed)
    told = verb(blog, "events", "--correlationid", followed, "--count", "3", "--json").stdout
    events = [read_event({"content-type": STRUCTURED}, line.encode()) for line in told.splitlines()]
    assert [event.type for event in events] == CHAIN
    assert all(event.subject == comment["id"] and not event.data for event in events)
    created, moderated, updated = (event.id for event in events)
    expected = {
        ("comments", "answered", None),
        ("broker", "taken in", created),
        ("moderation", "replied", created),
        ("query", "taken", created),
        ("broker", "replied", created),
        ("broker", "delivered", created),
        ("broker", "taken in", moderated),
        ("comments", "taken", moderated),
        ("broker", "delivered", moderated),
        ("broker", "taken in", updated),
        ("query", "taken", updated),
        ("broker", "delivered", updated),
    }

    def seen() -> set[tuple[str, str, str | None]]:
        lines = logged(blog, followed)
        assert all(isinstance(line["duration"], float) for line in lines)
        return {
            (line["service"], line["outcome"], line.get("id"))
            for line in lines
            if line["outcome"] != "refused"  # the comment came before its post was known
        }

    eventually(lambda: seen() == expected, within=20)
    assert "Who follows me?" not in blog.said()


def test_events_are_readable_lines_without_escape_codes_in_a_pipe(blog: RunningBlog) -> None:
    followed = f"tea-{uuid4().hex}"
    commented(blog, followed)
    answer = verb(blog, "events", "--correlationid", followed, "--count", "3")
    assert [line.split()[1] for line in answer.stdout.splitlines()] == CHAIN
    assert answer.stdout.splitlines()[1].endswith(f"{followed} -> comments-comment-moderated")
    assert "\x1b" not in answer.stdout


def test_data_is_shown_when_asked_for_from_now_on_until_ctrl_c(blog: RunningBlog) -> None:
    kind, event = uuid4().hex, ("--source", "/by-hand", "--data", '{"said": "é"}')
    assert verb(blog, "send", "--type", kind, *event).returncode == 0
    command = [str(BLOG), "events", "--type", kind, "--data", "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=at(blog)) as follower:
        assert follower.stdout is not None
        assert "data" not in json.loads(follower.stdout.readline())
        assert verb(blog, "send", "--type", kind, *event).returncode == 0
        assert json.loads(follower.stdout.readline())["data"] == {"said": "é"}
        follower.send_signal(signal.SIGINT)
        assert follower.communicate(timeout=20) == ("", "")
        assert follower.returncode == 0


def test_who_follows_and_does_not_read_holds_nothing_up_and_is_told(blog: RunningBlog) -> None:
    with closing(socket.socket()) as watcher:
        watcher.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        watcher.connect(("127.0.0.1", blog.port + BROKER))
        watcher.sendall(b"GET /watch?data=1&type=large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert watcher.recv(9) == b"HTTP/1.1 "
        event = {"specversion": "1.0", "type": "large", "source": "/s", "data": "x" * 900_000}
        for number in range(12):
            text = json.dumps({**event, "id": str(number)})
            assert verb(blog, "send", "-", stdin=text).returncode == 0
        watcher.settimeout(20)
        told = b""
        while b'{"lost":' not in told:
            told = told[-10:] + watcher.recv(65_536)


def test_an_event_in_a_file_is_sent_and_the_answer_shown(blog: RunningBlog, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text('{"specversion": "1.0", "id": "f-1", "source": "/by-hand", "type": "Filed"}')
    assert verb(blog, "send", str(file)).stdout == "202 Accepted: Filed f-1 from /by-hand\n"
    assert verb(blog, "send", "-", stdin=file.read_text()).returncode == 0


def test_every_part_of_an_event_can_be_an_option(blog: RunningBlog, tmp_path: Path) -> None:
    kind, file = uuid4().hex, tmp_path / "data.json"
    file.write_text('["the data"]')
    event = {"type": kind, "source": "/by-hand", "id": "o-1", "subject": "s"}
    options = [part for name, value in event.items() for part in (f"--{name}", value)]
    options += ["--data-file", str(file), "--extension", "one=1", "--extension", "two=2=2"]
    assert verb(blog, "send", *options).returncode == 0
    told = verb(blog, "events", "--type", kind, "--json", "--count", "1").stdout
    assert json.loads(told).items() >= {**event, "one": "1", "two": "2=2"}.items()


def test_an_event_that_the_broker_refuses_exits_with_1_and_what_it_said(blog: RunningBlog) -> None:
    spent = ("--extension", "knativebrokerttl=0")
    answer = verb(blog, "send", "--type", "T", "--source", "/s", "--id", "r-1", *spent)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith(
        "Error: 400 Bad Request: T r-1 from /s\nknativebrokerttl is used"
    )


def test_status_tells_of_programs_triggers_and_outboxes(blog: RunningBlog) -> None:
    answer = verb(blog, "status", "--json")
    told = json.loads(answer.stdout)
    functions = {"posts", "comments", "moderation", "query", "dead-letters"}
    assert told["state"] == "running"
    assert told["programs"].keys() == functions | {"broker", "ingress"}
    assert all(one["up"] and one["memory"] > 2**20 for one in told["programs"].values())
    assert told["triggers"]["query-comment-updated"].keys() >= {"waiting", "retrying", "dead"}
    assert told["outboxes"].keys() == {"posts", "comments"}
    assert all(isinstance(one["unpublished"], int) for one in told["outboxes"].values())
    # Other tests leave dead letters behind, which are a trouble.
    assert {one["kind"] for one in told["troubles"]} <= {"letter-waits"}
    assert answer.returncode == (0 if told["well"] else 1)


def test_a_letter_that_waits_for_a_person_fails_until_it_is_given_up(blog: RunningBlog) -> None:
    forged = ("--type", "PostDeleted", "--source", "/posts", "--id", f"forged-{uuid4().hex}")
    assert verb(blog, "send", *forged, "--data", "{}").returncode == 0

    def waits() -> set[str]:
        told = verb(blog, "status", "--json")
        troubles = json.loads(told.stdout)["troubles"]
        assert told.returncode == (1 if troubles else 0)
        return {one["about"] for one in troubles if one["kind"] == "letter-waits"}

    whom = {"query-post-deleted", "comments-post-deleted", "dead-letters-post-deleted"}
    eventually(lambda: whom <= waits())
    dead = ("dead", "--function-port", str(blog.port + POSTS))
    for letter in json.loads(verb(blog, *dead, "--json").stdout)["deadLetters"]:
        if letter["trigger"] in whom:
            given_up = verb(blog, *dead, "discard", letter["id"], "--reason", "a test")
            assert given_up.returncode == 0, given_up.stderr
    eventually(lambda: not whom & waits())


def test_status_is_columns_without_escape_codes_in_a_pipe(blog: RunningBlog) -> None:
    said = verb(blog, "status").stdout
    lines = [line.split() for line in said.splitlines()]
    assert lines.index(["program", "up", "restarts", "memory"]) < lines.index(
        ["trigger", "delivered", "waiting", "retrying", "letters", "dead", "oldest"]
    )
    assert "\x1b" not in said
