"""The README's commands do what it says, run as they stand there."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.running import BROKER, RunningBlog, environment

ROOT = Path(__file__).parents[2]
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def answers(blog: RunningBlog) -> str:
    """What all the commands print, in the README's order, in one shell."""
    script = "\n".join(COMMANDS.findall((ROOT / "README.md").read_text()))
    for documented, real in (
        ("http://localhost:8080", blog.url),
        ("http://localhost:8090", blog.broker_url),
        ("blog.log", str(blog.words)),
    ):
        assert documented in script
        script = script.replace(documented, real)
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=environment(BROKER_PORT=str(blog.port + BROKER), DATA_DIR=str(blog.data)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode in (0, 143), ran.stderr
    return ran.stdout


def test_a_post_is_written_and_comments_on_it_are_pending(answers: str) -> None:
    assert '"content":"Nice to read."' in answers
    assert '"content":"An ORANGE one."' in answers
    assert answers.count('"status":"pending"') >= 2


def test_the_post_is_readable(answers: str) -> None:
    assert '"body":"It *works*."' in answers


def test_the_broker_accepts_an_event_sent_by_hand(answers: str) -> None:
    assert "202 Accepted" in answers


def test_moderation_alone_replies_with_its_verdict(answers: str) -> None:
    assert "ce-type: CommentModerated" in answers
    assert '"status":"rejected","reason":"word-list"' in answers


def test_a_comment_is_followed_through_the_events_and_the_logs(answers: str) -> None:
    passed = re.findall(r" (\w+) +/\w+ +\S+ +tea-1 -> ", answers)
    assert passed == ["CommentCreated", "CommentModerated", "CommentUpdated"]
    logged = [line for line in answers.splitlines() if '"correlationid": "tea-1"' in line]
    assert any('"service": "moderation"' in line for line in logged)


def test_the_state_is_shown_and_an_event_sent(answers: str) -> None:
    assert re.search(r"\nposts +\d+ (s|min) +0 +\d+ MiB *\n", answers)
    assert "202 Accepted: CommentModerated " in answers
