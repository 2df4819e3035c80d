"""On one machine a reader never gets what was true before the present second."""

import time
from contextlib import closing
from http.client import HTTPConnection

from tests.e2e.running import QUERY, RunningBlog, eventually


def known_to_query(blog: RunningBlog, path: str) -> int:
    """What the read model says, past the ingress."""
    with closing(HTTPConnection("127.0.0.1", blog.port + QUERY, timeout=20)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def test_the_first_who_reads_after_a_deletion_does_not_find_the_post(blog: RunningBlog) -> None:
    _, post = blog.ask("POST", "/posts", {"title": "Soon gone"})
    path = f"/posts/{post['id']}"
    eventually(lambda: blog.ask("GET", path)[0] == 200)
    assert blog.ask("DELETE", path)[0] == 204
    eventually(lambda: known_to_query(blog, path) == 404)
    this_second = int(time.time())
    eventually(lambda: time.time() >= this_second + 1)
    assert blog.ask("GET", path)[0] == 404
    assert post["id"] not in [each["id"] for each in blog.ask("GET", "/posts")[1]["posts"]]
