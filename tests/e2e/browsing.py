"""A real browser on the page: how it starts, and what a reader and an author do there."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

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
SETTLED_MS = 60_000
expect.set_options(timeout=SETTLED_MS)
MISSING = "chromium is not on the path: install it to test the page"
ONE_POST = "**/api/posts/*"
ONE_COMMENT = "**/api/posts/*/comments/*"


def chromium_path() -> str | None:
    """Where Chromium is, if it is there."""
    return shutil.which("chromium")


@contextmanager
def started(*flags: str) -> Iterator[Browser]:
    """A browser without windows, started with these flags besides the usual ones."""
    path = chromium_path()
    assert path, MISSING
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS, *flags])
        yield chromium
        chromium.close()


@contextmanager
def tab(browser: Browser, url: str, **context: object) -> Iterator[Page]:
    """A tab with storages of its own; a script error anywhere in it fails the test."""
    options: dict[str, object] = {"base_url": url, "locale": "en-GB", **context}
    opened = browser.new_context(**options)  # type: ignore[arg-type]
    opened.set_default_timeout(SETTLED_MS)
    errors: list[str] = []
    page = opened.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    try:
        yield page
    finally:
        opened.close()
    assert errors == []


def unique(words: str) -> str:
    return f"{words} {uuid.uuid4().hex[:8]}"


def sign_in(page: Page, token: str = "") -> None:
    """As the author; without a token where the blog asks for none."""
    page.get_by_role("button", name="Sign in").click()
    if token:
        page.get_by_label("token").fill(token)
        page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    see(page.get_by_role("button", name="Sign out"))


def write_post(page: Page, title: str, body: str = "") -> None:
    """From the list, as the author."""
    if page.get_by_role("button", name="Sign in").is_visible():
        sign_in(page)
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
    expect(what).to_be_visible()


def see_no_more(what: Locator) -> None:
    expect(what).to_have_count(0)


def see_approved(page: Page, content: str) -> None:
    see(comment(page, content))
    see_no_more(comment(page, content).locator(".mark"))


@contextmanager
def not_read_yet(page: Page, address: str) -> Iterator[None]:
    """The read model lags as long as this lasts: a wait that is else too short to look at."""
    page.context.route(
        address,
        lambda route: (
            route.fulfill(status=404, json={"title": "Not Found"})
            if route.request.method == "GET"
            else route.continue_()
        ),
    )
    yield
    page.context.unroute(address)
