"""`blog dead`: what the broker could deliver to nobody."""

import json
import subprocess
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

from tests.e2e.running import BLOG, BROKER, RunningBlog, environment, eventually


def dead(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BLOG), "dead", *arguments]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment(), timeout=60
    )


def publish_without_data(blog: RunningBlog) -> int:
    """An event that `query` and `comments` must refuse."""
    with closing(HTTPConnection("127.0.0.1", blog.port + BROKER, timeout=20)) as connection:
        attributes = {"specversion": "1.0", "type": "PostCreated", "source": "/posts"}
        headers = {f"ce-{name}": value for name, value in attributes.items()}
        headers |= {"ce-id": "no-post", "Content-Type": "application/json"}
        connection.request("POST", "/blog/default", b"{}", headers)
        return connection.getresponse().status


def test_an_event_that_its_subscriber_refuses_is_listed_with_the_reason(tmp_path: Path) -> None:
    blog = RunningBlog(tmp_path / "data").start().ready()
    port = ("--broker-port", str(blog.port + BROKER))
    try:
        assert dead(*port).stdout == "Nothing is dead.\n"
        assert publish_without_data(blog) == 202
        eventually(lambda: len(json.loads(dead(*port, "--json").stdout)) == 2, within=20)
        (entry,) = json.loads(dead(*port, "--trigger", "query-post-created", "--json").stdout)
        assert (entry["event"]["id"], entry["attempts"]) == ("no-post", 1)
        assert "PostCreated no-post from /posts: " in dead(*port).stdout
    finally:
        blog.kill()


def test_without_a_broker_it_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    unused = RunningBlog(tmp_path / "data").port
    answer = dead("--broker-port", str(unused))
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Error: no broker answers at port {unused} ")
    assert answer.stderr.count("\n") == 1
