"""`make run` is the one command: it serves the journey, and ends with whatever ended it."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import RunningBlog, environment, eventually, still_there

ROOT = Path(__file__).parents[2]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[RunningBlog]:
    """The blog as `make run` started it, ready."""
    blog = RunningBlog(tmp_path / "data")
    settings = environment(
        PORT=str(blog.port),
        BROKER_PORT=str(blog.port + 1),
        FUNCTION_PORT=str(blog.port + 2),
        DATA_DIR=str(blog.data),
    )
    with blog.words.open("wb") as out:
        blog.process = subprocess.Popen(
            ["make", "--silent", "run"], cwd=ROOT, env=settings, stdout=out, stderr=out
        )
    try:
        yield blog.ready()
    finally:
        blog.stop()


def test_a_comment_travels_from_the_public_address_to_its_verdict(made: RunningBlog) -> None:
    _, post = made.ask("POST", "/posts", {"title": "Made"})
    eventually(lambda: made.ask("GET", f"/posts/{post['id']}")[0] == 200)
    path = f"/posts/{post['id']}/comments"
    answers: list[tuple[int, dict[str, str]]] = []

    def accepted() -> bool:
        answers.append(made.ask("POST", path, {"content": "no ORANGE here"}))
        return answers[-1][0] == 201

    eventually(accepted)
    comment = answers[-1][1]
    eventually(lambda: made.ask("GET", f"{path}/{comment['id']}")[1]["status"] == "rejected")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_nothing_outlives_make(made: RunningBlog, number: signal.Signals) -> None:
    family = made.family()
    assert len(family) > 5
    made.process.send_signal(number)
    made.process.wait(30)
    eventually(lambda: not still_there(family), within=30)
