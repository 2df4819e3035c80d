"""The page for everybody: keyboard, screen reader, colours, small screens, nothing that jumps."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.e2e.browsing import (
    ONE_COMMENT,
    comment,
    not_read_yet,
    see,
    sign_in,
    tab,
    unique,
    write_comment,
)
from tests.e2e.running import RunningBlog, eventually

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
FIRST_LOAD = 45_000  # bytes, compressed
RICH = """
## Code

```go
// A comment
func main() { fmt.Println("text", 42) }
```

| a | b |
| - | - |
| 1 | 2 |

> Quoted, with [a link](https://example.org/).

!!! note
    An aside.

![A picture that is not here](x.png)

- [ ] שלום
"""


@pytest.fixture(scope="module")
def post(blog: RunningBlog) -> str:
    """The path of a post with all that a text may have, and comments in every state."""
    written = {"title": unique("Rich"), "body": RICH}
    path = f"/posts/{blog.ask('POST', '/posts', written)[1]['id']}"
    eventually(lambda: blog.ask("GET", path)[0] == 200)
    for content in ("Approved", "An orange"):
        eventually(partial(commented, blog, path, content))
    eventually(lambda: "pending" not in statuses(blog, path))
    return path


def commented(blog: RunningBlog, path: str, content: str) -> bool:
    document = {"content": content, "author": "Ada"}
    return blog.ask("POST", f"{path}/comments", document)[0] == 201


def statuses(blog: RunningBlog, path: str) -> list[str]:
    comments = [one["status"] for one in blog.ask("GET", path)[1]["comments"]]
    return comments if len(comments) == 2 else ["pending"]


def list_view(page: Page, _post: str) -> None:
    page.goto("/")
    see(page.get_by_role("article").first)


def post_view(page: Page, post: str) -> None:
    page.goto(post)
    see(page.locator(".hljs-keyword"))


def own_comment_waiting(page: Page, post: str) -> None:
    post_view(page, post)
    page.route(ONE_COMMENT, lambda route: route.fulfill(status=404, json={}))
    words = unique("Waiting")
    write_comment(page, words)
    see(comment(page, words).get_by_text("Awaiting moderation"))


def own_comment_rejected(page: Page, post: str) -> None:
    post_view(page, post)
    words = unique("An orange")
    write_comment(page, words)
    see(comment(page, words).get_by_text("Rejected"))


def author_editing(page: Page, post: str) -> None:
    post_view(page, post)
    sign_in(page)
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Title").fill("")
    page.get_by_role("button", name="Save").click()
    see(page.get_by_text("This must not be empty."))


def author_previewing(page: Page, post: str) -> None:
    post_view(page, post)
    sign_in(page)
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Preview").click()
    see(page.locator(".preview .hljs-keyword"))


def asked_whether_to_delete(page: Page, post: str) -> None:
    post_view(page, post)
    sign_in(page)
    page.get_by_role("button", name="Delete").click()
    see(page.get_by_role("dialog"))


def asked_for_the_token(page: Page, _post: str) -> None:
    page.goto("/")
    page.route("**/api/posts", lambda route: route.fulfill(status=401, json={}))
    page.get_by_role("button", name="Sign in").click()
    see(page.get_by_role("dialog"))


def sending_again(page: Page, post: str) -> None:
    post_view(page, post)
    page.route("**/comments", lambda route: route.fulfill(status=503, json={}))
    write_comment(page, "Hello")
    see(page.get_by_text("Your text is safe here"))


def not_found(page: Page, _post: str) -> None:
    page.goto("/posts/no-such-post")
    see(page.get_by_role("heading", name="There is nothing here"))


def away(page: Page, _post: str) -> None:
    page.route("**/api/posts", lambda route: route.fulfill(status=502, json={}))
    page.goto("/")
    see(page.get_by_role("heading", name="The service is away"))


def empty(page: Page, _post: str) -> None:
    page.route("**/api/posts", lambda route: route.fulfill(json={"posts": [], "next": None}))
    page.goto("/")
    see(page.get_by_text("Nothing here yet"))


VIEWS: list[Callable[[Page, str], None]] = [
    list_view,
    post_view,
    own_comment_waiting,
    own_comment_rejected,
    author_editing,
    author_previewing,
    asked_whether_to_delete,
    asked_for_the_token,
    sending_again,
    not_found,
    away,
    empty,
]


@pytest.mark.parametrize("show", VIEWS)
def test_axe_finds_nothing_in_light_or_dark_and_a_small_screen_is_wide_enough(
    browser: Browser, blog: RunningBlog, post: str, show: Callable[[Page, str], None]
) -> None:
    small = {"width": 390, "height": 844}
    with tab(browser, blog.url, viewport=small, reduced_motion="reduce") as page:
        show(page, post)
        page.evaluate(AXE.read_text("utf-8"))
        for colours in ("light", "dark"):
            page.emulate_media(color_scheme=colours)
            assert violations(page) == {}
        assert page.evaluate("document.documentElement.scrollWidth") <= small["width"]


def violations(page: Page) -> dict[str, list[str]]:
    """What axe finds wrong, and where."""
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return {one["id"]: [node["html"] for node in one["nodes"]] for one in found}


@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_chosen_colours_win_over_the_systems_and_stay(
    browser: Browser, blog: RunningBlog, chosen: str
) -> None:
    system = "dark" if chosen == "light" else "light"
    background = "getComputedStyle(document.documentElement).backgroundColor"
    with tab(browser, blog.url, color_scheme=system) as page:
        page.goto("/")
        before = page.evaluate(background)
        page.get_by_label("Colours").select_option(chosen)
        after = page.evaluate(background)
        assert after != before
        page.reload(wait_until="commit")
        expect(page.locator("html")).to_have_attribute("data-theme", chosen)
        assert page.evaluate(background) == after
        page.get_by_label("Colours").select_option("system")
        assert page.evaluate(background) == before


def test_a_reader_needs_no_mouse(page: Page, post: str) -> None:
    page.goto(post)
    see(page.locator(".prose h2"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    see(page.get_by_role("link", name="Skip to the content"))
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    words = unique("By keyboard")
    tab_to(page, "textarea[name=content]")
    page.keyboard.type(words)
    tab_to(page, "form .primary")
    page.keyboard.press("Enter")
    see(comment(page, words))
    expect(page.locator("form .primary")).to_be_focused()


def tab_to(page: Page, selector: str) -> None:
    """On the way every stop must be seen to have the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        style = "getComputedStyle(document.activeElement)"
        assert page.evaluate(f"{style}.outlineStyle") != "none"
        if page.evaluate(f"document.activeElement.matches({selector!r})"):
            return
    raise AssertionError(f"{selector} is out of the keyboard's reach")


def test_who_hears_the_page_is_told_where_it_went_and_what_became_of_a_comment(
    page: Page, post: str
) -> None:
    live = page.locator("#page > [role=status]")
    page.goto("/")
    page.locator(f"a[href='{post}']").click()
    expect(page.locator("main")).to_be_focused()
    expect(live).to_have_text(re.compile(r"^Rich \w+ · Sleeping Blog$"))
    with not_read_yet(page, ONE_COMMENT):
        write_comment(page, unique("An orange"))
        expect(live).to_have_text("Awaiting moderation")
    expect(live).to_have_text("Your comment was rejected.")


def test_dates_are_written_in_the_readers_language(
    browser: Browser, blog: RunningBlog, post: str
) -> None:
    with tab(browser, blog.url, locale="de-DE") as page:
        page.goto(post)
        date = page.locator(".post time").first
        expect(date).to_have_text(re.compile(r"^\d{1,2}\. \w+ \d{4}$"))
        expect(date).to_have_attribute("lang", "de-DE")


def test_nothing_moves_for_who_wants_no_motion(browser: Browser, blog: RunningBlog) -> None:
    with tab(browser, blog.url, reduced_motion="reduce") as page:
        page.goto("/")
        sign_in(page)
        page.get_by_role("button", name="Write a post").click()
        page.get_by_label("Title").fill(unique("Calm"))
        with not_read_yet(page, "**/api/posts/*"):
            page.get_by_role("button", name="Publish").click()
            see(page.locator(".mark"))
            assert page.evaluate("document.getAnimations().length") == 0


SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("path", ["/", "post"])
def test_nothing_jumps_while_the_page_comes_in_slowly(page: Page, post: str, path: str) -> None:
    page.add_init_script(SHIFTS)
    slow = {"offline": False, "latency": 100, "downloadThroughput": 60_000, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.goto(post if path == "post" else path)
    see(page.locator(".hljs-keyword" if path == "post" else "article >> nth=0"))
    assert page.evaluate("shifts") == []


def test_the_first_load_is_small(browser: Browser, blog: RunningBlog, post: str) -> None:
    """What lays out a post's text comes beside the post, and is as much again."""
    assert first_load(browser, blog, "/") < FIRST_LOAD
    assert first_load(browser, blog, post, "markdown") < FIRST_LOAD
    assert first_load(browser, blog, post) < 56_000


def first_load(browser: Browser, blog: RunningBlog, path: str, without: str = "highlight") -> int:
    """Bytes that travel until the page is there; pictures and the API's answers are not counted."""
    sent: list[Request] = []
    with tab(browser, blog.url) as page:
        page.on("requestfinished", lambda one: sent.append(one))  # noqa: PLW0108 - cannot be marked
        page.goto(path)
        see(page.locator("article").first)
        page.wait_for_load_state("networkidle")
        files = [one for one in sent if one.resource_type in {"document", "script", "stylesheet"}]
        assert len(files) > 3
        later = {without, "highlight", "/go-"}
        counted = [one for one in files if not any(name in one.url for name in later)]
        return sum(one.sizes()["responseBodySize"] for one in counted)
