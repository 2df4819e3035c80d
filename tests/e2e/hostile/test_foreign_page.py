"""A page of somebody else in a real browser: it can neither read nor write, whatever its name."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.browsing import started
from tests.e2e.hostile.outsider import Outsider, document
from tests.e2e.running import (
    BROKER,
    COMMENTS,
    DEAD_LETTERS,
    INGRESS,
    MODERATION,
    POSTS,
    QUERY,
    RunningBlog,
)
from tests.waiting import until

NAME = "evil.example"
PROGRAMS = {
    "ingress": INGRESS,
    "broker": BROKER,
    "posts": POSTS,
    "comments": COMMENTS,
    "moderation": MODERATION,
    "query": QUERY,
    "dead_letters": DEAD_LETTERS,
}
READS = ["/", "/index.html", "/api/posts", "/api/openapi.json", "/posts", "/events", "/dead"]
READS += ["/status", "/healthz", "/watch", "/feed.xml", "/nothing"]
EVENT = {
    "ce-specversion": "1.0",
    "ce-id": "forged",
    "ce-source": "/posts",
    "ce-type": "PostDeleted",
    "content-type": "application/json",
}
ASK = """async ([url, options]) => {
  try {
    const answer = await fetch(url, options);
    return { status: answer.status, type: answer.type };
  } catch (error) {
    return { status: null, type: String(error) };
  }
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For this browser the foreign name leads to this machine, as its owner's DNS server says."""
    # Chromium alone, and lately, asks before a public page may speak to this machine.
    guards = "LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"
    flags = [f"--host-resolver-rules=MAP {NAME} 127.0.0.1", f"--disable-features={guards}"]
    with started(*flags) as browser:
        yield browser


def opened(browser: Browser, origin: str) -> Page:
    """The foreign page, loaded before its name has been pointed to us."""
    page = browser.new_context().new_page()
    page.route(f"{origin}/page", lambda route: route.fulfill(body="<!doctype html>Look here"))
    page.goto(f"{origin}/page")
    return page


def ask(page: Page, url: str, **options: object) -> dict[str, Any]:
    """What a script of that page is told."""
    answer: dict[str, Any] = page.evaluate(ASK, [url, options])
    return answer


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_page_whose_name_was_pointed_here_can_neither_read_nor_write(
    chromium: Browser, guarded: RunningBlog, outsider: Outsider, program: str
) -> None:
    post = outsider.write_post("To be kept")
    page = opened(chromium, f"http://{NAME}:{guarded.port + PROGRAMS[program]}")
    writes = ["/", "/blog/default", "/dead/query-post-created", "/posts"]
    writes += [f"/api/posts/{post}/comments", f"/posts/{post}/comments"]
    data = json.dumps({"id": post, "content": "From elsewhere", "version": 9})
    asked = [
        *(ask(page, path) for path in READS),
        *(ask(page, path, method="POST", headers=EVENT, body=data) for path in writes),
    ]
    page.context.close()
    assert {answer["status"] for answer in asked} == {421}
    until(lambda: comments(outsider, post) == ["known"])  # once moderation has approved it


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_page_of_another_origin_can_neither_read_nor_write(
    chromium: Browser, guarded: RunningBlog, outsider: Outsider, program: str
) -> None:
    """What a browser sends without asking first, and what it asks for first."""
    post = outsider.write_post("To be kept")
    page = opened(chromium, f"http://{NAME}:1024")
    ours = f"http://127.0.0.1:{guarded.port + PROGRAMS[program]}"
    data = json.dumps({"id": post, "content": "From elsewhere", "version": 9})
    for path in ("/", "/blog/default", f"/api/posts/{post}/comments", f"/posts/{post}/comments"):
        for mode in ("no-cors", "cors"):
            for headers in (EVENT, {"content-type": "text/plain"}):
                answer = ask(
                    page, ours + path, method="POST", mode=mode, headers=headers, body=data
                )
                assert answer["status"] in (0, None), answer  # it was refused, or stays hidden
    assert {ask(page, ours + path)["status"] for path in READS if path != "/watch"} == {None}
    page.context.close()
    until(lambda: comments(outsider, post) == ["known"])  # once moderation has approved it
    assert outsider.ask("GET", f"/posts/{post}").status == 200


def comments(outsider: Outsider, post: str) -> list[str]:
    """What is written below the post."""
    found = document(outsider.described("GET", f"/posts/{post}/comments"))["comments"]
    return [comment["content"] for comment in found]
