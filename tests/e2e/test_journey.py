"""The whole way of a post and its comments through the public door, of whichever blog is named.

With `--cluster` it is the deployed one, at first with everything asleep; else one on this machine.
What is written is deleted again. The word list must hold `orange`, as the blog's own does.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cluster.deployed import Deployed
from tests.e2e.running import RunningBlog, environment
from tests.e2e.site import Answered, Site
from tests.waiting import until

TOKEN = "a-token-of-the-journey"  # noqa: S105 - of the blog that is started here
ARRIVES = 90.0  # seconds: an event may have to wake a chain of functions, one after another
PROBLEM = "application/problem+json"

Post = dict[str, Any]


@pytest.fixture(scope="module")
def site(deployed: Deployed | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if deployed is not None:
        deployed.asleep()
        yield deployed.site()
        return
    env = environment(AUTHOR_TOKEN=TOKEN)
    blog = RunningBlog(tmp_path_factory.mktemp("journey") / "data", env).start()
    try:
        yield Site(blog.ready().url, None, TOKEN)
    finally:
        blog.stop()


@pytest.fixture(scope="module")
def write(site: Site) -> Iterator[Callable[..., Post]]:
    """Writes posts, and deletes them when all is done."""
    written: list[str] = []

    def one(**content: str) -> Post:
        answer = site.author("POST", "/api/posts", content)
        assert answer.status == 201, answer
        post: Post = answer.json
        assert answer.headers["location"] == f"/api/posts/{post['id']}"
        written.append(f"/api/posts/{post['id']}")
        return post

    yield one
    for path in written:
        assert site.author("DELETE", path).status in {204, 404}


@pytest.fixture(scope="module")
def post(site: Site, write: Callable[..., Post]) -> Post:
    """A post that readers see."""
    written = write(title="A journey", body="It *begins*.")
    arrived(lambda: read(site, written).status == 200)
    return written


def arrived(condition: Callable[[], bool]) -> None:
    until(condition, ARRIVES)


def read(site: Site, post: Post) -> Answered:
    return site.ask("GET", f"/api/posts/{post['id']}")


def commented(site: Site, post: Post, content: str) -> Post:
    """A comment, once its function knows the post."""
    path, answers = f"/api/posts/{post['id']}/comments", list[Answered]()

    def taken() -> bool:
        answers.append(site.ask("POST", path, {"content": content, "author": "Ada"}))
        known = answers[-1].status == 201
        assert known or (answers[-1].status, answers[-1].headers.get("retry-after")) == (404, "1")
        return known

    arrived(taken)
    comment: Post = answers[-1].json
    assert comment["status"] == "pending"
    return comment


def judged(site: Site, post: Post, comment: Post) -> Post:
    """The comment as a reader sees it, once it has its verdict."""
    path, seen = f"/api/posts/{post['id']}/comments/{comment['id']}", list[Answered]()

    def has_verdict() -> bool:
        seen.append(site.ask("GET", path))
        return seen[-1].status == 200 and seen[-1].json["status"] != "pending"

    arrived(has_verdict)
    shown: Post = seen[-1].json
    return shown


def test_the_page_and_the_first_read_come_though_all_are_asleep(site: Site) -> None:
    page = site.ask("GET", "/")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    posts = site.ask("GET", "/api/posts")
    assert posts.status == 200
    assert posts.json.keys() == {"posts", "next"}


def test_a_post_reaches_readers_the_list_and_the_feed(site: Site, post: Post) -> None:
    shown = read(site, post).json
    assert (shown["title"], shown["body"]) == ("A journey", "It *begins*.")
    arrived(
        lambda: post["id"] in {one["id"] for one in site.ask("GET", "/api/posts").json["posts"]}
    )
    arrived(lambda: post["id"].encode() in site.ask("GET", "/api/feed.xml").body)


def test_a_read_that_has_not_changed_is_answered_304(site: Site, post: Post) -> None:
    known = {"If-None-Match": read(site, post).headers["etag"]}
    assert site.ask("GET", f"/api/posts/{post['id']}", headers=known).status == 304


def test_a_change_reaches_readers(site: Site, post: Post) -> None:
    changed = site.author("PATCH", f"/api/posts/{post['id']}", {"title": "A longer journey"})
    assert (changed.status, changed.json["version"]) == (200, post["version"] + 1)
    arrived(lambda: bool(read(site, post).json["title"] == "A longer journey"))


def test_a_comment_is_approved_and_shown(site: Site, post: Post) -> None:
    shown = judged(site, post, commented(site, post, "Well travelled."))
    assert (shown["status"], shown["content"], shown["author"]) == (
        "approved",
        "Well travelled.",
        "Ada",
    )
    arrived(lambda: "Well travelled." in str(read(site, post).json["comments"]))


def test_a_comment_with_a_listed_word_is_rejected_and_hidden(site: Site, post: Post) -> None:
    shown = judged(site, post, commented(site, post, "An ORANGE one."))
    assert (shown["status"], shown["reason"]) == ("rejected", "word-list")
    assert (shown["content"], shown["author"]) == (None, None)


def test_the_author_overrules_moderation(site: Site, post: Post) -> None:
    comment = commented(site, post, "Oranges, please.")
    assert judged(site, post, comment)["status"] in {"approved", "rejected"}
    path = f"/api/posts/{post['id']}/comments/{comment['id']}"
    for status in ("rejected", "approved"):
        assert site.author("PATCH", path, {"status": status}).status == 200
        arrived(lambda status=status: site.ask("GET", path).json["status"] == status)  # type: ignore[misc]


def test_a_deleted_post_is_gone_for_readers_and_commenters(
    site: Site, write: Callable[..., Post]
) -> None:
    written = write(title="Soon gone")
    arrived(lambda: read(site, written).status == 200)
    commented(site, written, "Will I stay?")
    path = f"/api/posts/{written['id']}"
    assert site.author("DELETE", path).status == 204
    arrived(lambda: read(site, written).status == 404)
    arrived(lambda: written["id"].encode() not in site.ask("GET", "/api/feed.xml").body)

    def refused() -> bool:
        answer = site.ask("POST", f"{path}/comments", {"content": "Too late?"})
        return answer.status == 404 and "retry-after" not in answer.headers

    arrived(refused)


def test_the_same_key_writes_once(site: Site) -> None:
    key = {"Idempotency-Key": f"journey-{time.time_ns()}", "Authorization": f"Bearer {site.token}"}
    first, second = (
        site.ask("POST", "/api/posts", {"title": "Once"}, headers=key) for _ in range(2)
    )
    assert (first.status, first.json) == (second.status, second.json)
    assert site.author("DELETE", f"/api/posts/{first.json['id']}").status == 204


@pytest.mark.parametrize(
    ("method", "path", "document", "status"),
    [
        ("GET", "/api/posts/nobody-has-it", None, 404),
        ("GET", "/api/posts?limit=0", None, 422),
        ("GET", "/api/posts?cursor=nonsense", None, 400),
        ("PUT", "/api/posts", None, 405),
        ("POST", "/api/posts", {"title": " "}, 422),
        ("POST", "/api/posts", {"title": "x" * 300_000}, 413),
        ("POST", "/api/posts/nobody-has-it/comments", {"content": ""}, 422),
    ],
)
def test_an_error_is_a_problem(
    site: Site, method: str, path: str, document: object, status: int
) -> None:
    answer = site.author(method, path, document)
    assert (answer.status, answer.headers["content-type"]) == (status, PROBLEM)
    assert answer.json["status"] == status


@pytest.mark.parametrize("token", [None, "wrong"])
def test_writing_needs_the_authors_token(site: Site, token: str | None) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = site.ask("POST", "/api/posts", {"title": "Not mine"}, headers=headers)
    assert (answer.status, answer.headers["content-type"]) == (401, PROBLEM)
    assert "www-authenticate" in answer.headers


EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/posts", "ce-type": "PostDeleted"}


@pytest.mark.parametrize("path", ["/", "/api", "/api/", "/api/events", "/events", "/blog/default"])
def test_nobody_outside_hands_in_an_event(site: Site, path: str) -> None:
    assert site.ask("POST", path, {}, headers=EVENT).status in {404, 405}


@pytest.mark.parametrize("path", ["/events", "/api/events", "/dead", "/api/dead", "/healthz"])
def test_the_functions_own_routes_are_not_public(site: Site, path: str) -> None:
    assert site.ask("GET", path).status == 404
