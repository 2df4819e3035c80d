"""The page in a real browser: what a writer and a reader see of the events on their way."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import pytest
from playwright.sync_api import Locator, Page, Route, expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# An event passes the whole chain well within this, on a busy machine too.
SETTLED_MS = 30_000
ONE_POST = "**/api/posts/*"
ONE_COMMENT = "**/api/posts/*/comments/*"


class Blog(Protocol):
    """The running blog, as the fixture `blog` gives it."""

    url: str


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        missing = "chromium is not on the path: install it to test the page"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, blog: Blog) -> Iterator[Page]:
    """The list of posts, in a tab of its own; a script error anywhere fails the test."""
    context = browser.new_context(base_url=blog.url, locale="en-GB")
    errors: list[str] = []
    tab = context.new_page()
    tab.set_default_timeout(SETTLED_MS)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto("/")
    yield tab
    context.close()
    assert errors == []


def unique(words: str) -> str:
    return f"{words} {uuid.uuid4().hex[:8]}"


def write_post(page: Page, title: str, body: str = "") -> None:
    page.get_by_role("button", name="Write a post").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text").fill(body)
    page.get_by_role("button", name="Publish").click()


def open_post(page: Page, title: str) -> None:
    page.get_by_role("link", name=title, exact=True).click()
    see(page.get_by_role("heading", level=1, name=title, exact=True))


def write_comment(page: Page, content: str, author: str = "") -> None:
    page.get_by_label("Comment", exact=True).fill(content)
    page.get_by_label("Your name").fill(author)
    page.get_by_role("button", name="Send comment").click()


def comment(page: Page, content: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=content)


def see(what: Locator) -> None:
    expect(what).to_be_visible(timeout=SETTLED_MS)


def see_approved(page: Page, content: str) -> None:
    see(comment(page, content))
    marks = comment(page, content).locator(".mark")
    expect(marks).to_have_count(0, timeout=SETTLED_MS)


@contextmanager
def not_read_yet(page: Page, address: str) -> Iterator[None]:
    """The read model lags as long as this lasts: a wait that is else too short to look at."""
    page.route(address, lambda route: route.fulfill(status=404, json={"title": "Not Found"}))
    yield
    page.unroute(address)


def test_a_written_post_is_on_its_way_then_appears_and_outlasts_a_reload(page: Page) -> None:
    title = unique("A quiet night")
    card = page.get_by_role("article").filter(has_text=title)
    with not_read_yet(page, ONE_POST):
        write_post(page, title, f"# {title}\n\nThe *owl* sleeps by day.")
        see(card.get_by_text("On its way"))
    expect(card.get_by_text("No comments yet")).to_be_visible(timeout=SETTLED_MS)
    expect(card.get_by_text("On its way")).to_have_count(0)

    open_post(page, title)
    for _ in ("as opened", "as reloaded"):
        expect(page.get_by_role("heading", name=title)).to_have_count(1)
        expect(page.locator(".prose em")).to_have_text("owl")
        page.reload()


def test_a_post_can_be_opened_while_it_is_on_its_way(page: Page) -> None:
    title = unique("Early reader")
    with not_read_yet(page, ONE_POST):
        write_post(page, title, "Already **here**.")
        open_post(page, title)
        see(page.get_by_text("On its way"))
        see(page.locator(".prose strong"))
    expect(page.get_by_text("On its way")).to_have_count(0, timeout=SETTLED_MS)


def test_a_comment_awaits_moderation_and_is_approved_without_a_reload(page: Page) -> None:
    title, words = unique("Comments welcome"), unique("What a fine owl")
    write_post(page, title)
    open_post(page, title)
    with not_read_yet(page, ONE_COMMENT):
        write_comment(page, words, author="Ada")
        see(comment(page, words).get_by_text("Awaiting moderation"))
    see_approved(page, words)
    see(page.get_by_role("heading", name="Comments 1"))

    page.reload()
    expect(comment(page, words)).to_contain_text("Ada")
    expect(comment(page, words)).not_to_contain_text("Awaiting")


def test_a_comment_with_a_listed_word_is_rejected_and_hidden_from_others(page: Page) -> None:
    title, words = unique("No fruit"), unique("An orange for you")
    write_post(page, title)
    open_post(page, title)
    write_comment(page, words)
    see(comment(page, words).get_by_text("Rejected"))
    expect(comment(page, words)).to_contain_text("It holds a word from the blog")

    page.evaluate("sessionStorage.clear()")
    page.reload()
    see(page.get_by_text("A comment was rejected. It holds a word from the blog"))
    expect(page.get_by_text(words)).to_have_count(0)


def test_scripts_in_title_body_and_comment_do_not_run(page: Page) -> None:
    attack = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
    title = f"{unique('Harmless')} {attack}"
    write_post(page, title, f"{attack}\n\n[click](javascript:window.ran=1)\n\n**the end**")
    open_post(page, title)
    see(page.locator(".prose strong"))
    page.get_by_text("click", exact=True).click()
    write_comment(page, f"text {attack}", author="<b onmouseover='window.ran = 1'>Eve</b>")
    see(comment(page, f"text {attack}"))
    comment(page, "text").get_by_text("Eve").hover()
    assert page.evaluate("window.ran") is None


def test_right_to_left_text_and_emoji_come_back_as_they_were(page: Page) -> None:
    title, words = unique("ליל מנוחה 🌙"), unique("שלום 👩🏽‍🚀 עולם\nשורה שנייה")  # noqa: RUF001 - a Hebrew letter is meant
    write_post(page, title, "ינשוף ישן 🦉")
    open_post(page, title)
    write_comment(page, words, author="יעל")
    see_approved(page, words)
    page.reload()
    text = page.locator(".comment .text")
    see(text)
    assert text.evaluate("element => element.textContent") == words
    expect(text).to_have_css("direction", "rtl")
    expect(page.locator(".prose p")).to_have_text("ינשוף ישן 🦉")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_what_the_server_finds_wrong_stands_at_its_field(page: Page) -> None:
    write_post(page, "   ", "a text without a title")
    expect(page.get_by_label("Title")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Title")).to_be_focused()
    expect(page.get_by_label("Title")).to_have_accessible_description(re.compile(r"\w"))
    expect(page.get_by_label("Text")).to_have_value("a text without a title")


def test_a_service_that_is_away_costs_no_text_and_a_retry_writes_once(page: Page) -> None:
    title, keys = unique("Twice is once"), []

    def lose_the_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.fulfill(status=503, json={"title": "Service Unavailable"})
        else:
            route.continue_()

    page.route(
        "**/api/posts",
        lambda route: lose_the_answer(route) if is_post(route) else route.continue_(),
    )
    write_post(page, title)
    see(page.get_by_text("Your text is still here"))
    page.get_by_role("button", name="Try again").click()
    see(page.get_by_role("link", name=title, exact=True))
    page.reload()
    expect(page.get_by_role("link", name=title, exact=True)).to_have_count(1)
    assert keys[0] == keys[1]


def is_post(route: Route) -> bool:
    return route.request.method == "POST"


def test_an_address_with_no_post_says_so(page: Page) -> None:
    page.goto("/posts/no-such-post")
    see(page.get_by_role("heading", name="There is nothing here"))
