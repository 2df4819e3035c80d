"""Writing while things go wrong: slow networks, lost answers, reloads, impatience."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browsing import (
    comment,
    open_post,
    see,
    see_approved,
    see_no_more,
    sign_in,
    unique,
    write_comment,
    write_post,
)
from tests.e2e.running import RunningBlog, eventually

POSTS = "**/api/posts"


def on_post(act: Callable[[Route], None]) -> Callable[[Route], None]:
    """`act` for commands; reads pass."""
    return lambda route: act(route) if route.request.method == "POST" else route.continue_()


def titles(blog: RunningBlog) -> list[str]:
    return [post["title"] for post in blog.ask("GET", "/posts?limit=100")[1]["posts"]]


def times_found(blog: RunningBlog, title: str) -> int:
    """How often readers find `title` in the list, which may be old for a moment."""
    eventually(lambda: title in titles(blog), within=20)
    return titles(blog).count(title)


def test_a_lost_answer_costs_no_text_and_the_page_tries_again_by_itself(
    page: Page, blog: RunningBlog
) -> None:
    title, keys = unique("Twice is once"), []

    def lose_the_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.fulfill(status=503, json={"title": "Service Unavailable"})
        else:
            route.continue_()

    sign_in(page)
    page.route(POSTS, on_post(lose_the_answer))
    write_post(page, title)
    see(page.get_by_text("Your text is safe here"))
    expect(page.get_by_label("Title")).to_have_value(title)
    see(page.get_by_role("link", name=title, exact=True))
    see_no_more(page.get_by_text("On its way"))
    assert (len(keys), len(set(keys)), times_found(blog, title)) == (2, 1, 1)


def test_what_was_being_sent_goes_on_after_a_reload_under_the_same_key(
    page: Page, blog: RunningBlog
) -> None:
    title, keys = unique("Unshaken"), []

    def carry_out_but_never_answer(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.fetch()

    sign_in(page)
    page.route(POSTS, on_post(carry_out_but_never_answer))
    write_post(page, title)
    see(page.get_by_role("button", name="On its way…"))
    eventually(lambda: title in titles(blog), within=20)
    page.unroute(POSTS)
    page.on("request", lambda sent: keys.append(sent.headers.get("idempotency-key", "")))
    page.reload()
    see(page.get_by_role("link", name=title, exact=True))
    expect(page.get_by_label("Title")).to_have_count(0)
    assert len({key for key in keys if key}) == 1
    assert times_found(blog, title) == 1


def test_a_double_click_makes_one(page: Page, blog: RunningBlog) -> None:
    title = unique("Impatient")
    sign_in(page)
    page.get_by_role("button", name="Write a post").click()
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Publish").dblclick()
    see(page.get_by_role("link", name=title, exact=True))
    see_no_more(page.get_by_text("On its way"))
    assert times_found(blog, title) == 1


def test_a_draft_survives_a_reload(page: Page) -> None:
    title = unique("Half an idea")
    sign_in(page)
    page.get_by_role("button", name="Write a post").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Text").fill("so far")
    page.reload()
    expect(page.get_by_label("Title")).to_have_value(title)
    expect(page.get_by_label("Text")).to_have_value("so far")
    page.get_by_role("button", name="Publish").click()
    see(page.get_by_role("link", name=title, exact=True))
    page.reload()
    see(page.get_by_role("button", name="Write a post"))
    expect(page.get_by_label("Title")).to_have_count(0)


def test_faults_stand_at_their_fields_while_one_types_and_take_the_keyboard(page: Page) -> None:
    sign_in(page)
    page.get_by_role("button", name="Write a post").click()
    title = page.get_by_label("Title")
    expect(title).to_have_attribute("aria-invalid", "false")
    title.fill("🦉" * 200)
    expect(title).to_have_attribute("aria-invalid", "false")
    title.fill("🦉" * 201)
    expect(title).to_have_accessible_description("This is 1 character too long: at most 200 fit.")
    title.fill("  ")
    page.get_by_label("Text").fill("a text without a title")
    page.get_by_role("button", name="Publish").click()
    expect(title).to_be_focused()
    expect(title).to_have_accessible_description("This must not be empty.")
    expect(page.get_by_label("Text")).to_have_value("a text without a title")


def test_what_the_server_finds_wrong_stands_at_its_field(page: Page) -> None:
    errors = [{"pointer": "#/title", "detail": "must rhyme"}]
    refusal = json.dumps({"status": 422, "title": "Unprocessable Content", "errors": errors})
    sign_in(page)
    page.route(POSTS, on_post(lambda route: route.fulfill(status=422, body=refusal)))
    write_post(page, "Hello")
    expect(page.get_by_label("Title")).to_have_accessible_description("must rhyme")
    expect(page.get_by_label("Title")).to_be_focused()


def test_a_slow_network_shows_what_is_under_way(page: Page) -> None:
    title, words = unique("Slow"), unique("Patience")
    write_post(page, title)
    open_post(page, title)
    held: list[Route] = []
    page.route("**/comments", on_post(held.append))
    write_comment(page, words)
    see(page.get_by_role("button", name="On its way…"))
    expect(page.get_by_label("Comment", exact=True)).not_to_be_editable()
    held.pop().continue_()
    see_approved(page, words)
    expect(page.get_by_label("Comment", exact=True)).to_have_value("")


@pytest.mark.parametrize("status", [502, 504])
def test_a_service_that_is_away_is_said_to_be_and_the_page_recovers_by_itself(
    page: Page, status: int
) -> None:
    page.route("**/api/**", lambda route: route.fulfill(status=status, body="<h1>Sorry</h1>"))
    page.goto("/")
    see(page.get_by_role("heading", name="The service is away"))
    page.unroute("**/api/**")
    see(page.locator("h1", has_text="Posts").or_(page.get_by_text("Nothing here yet")))


def test_an_answer_that_a_cache_calls_stale_is_read_again(page: Page) -> None:
    title = unique("Fresh")
    write_post(page, title, "first")
    see_no_more(page.get_by_text("On its way"))
    asked: list[str] = []

    def stale_at_first(route: Route) -> None:
        answer = route.fetch()
        asked.append(route.request.url)
        if len(asked) == 1:
            headers = {"cache-status": "sleeping-blog; hit; detail=stale"}
            route.fulfill(headers=headers, json={"posts": [], "next": None})
        else:
            route.fulfill(response=answer, headers=answer.headers | {"cache-status": ""})

    page.route("**/api/posts", stale_at_first)
    page.reload()
    see(page.get_by_role("link", name=title, exact=True))
    assert len(asked) == 2


def test_polling_is_conditional_and_stops_in_a_hidden_tab(page: Page, blog: RunningBlog) -> None:
    title, words = unique("Gentle"), unique("Waiting")
    write_post(page, title)
    open_post(page, title)
    see_no_more(page.get_by_text("On its way"))
    page.evaluate(HIDE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    write_comment(page, words)
    see(comment(page, words).get_by_text("Awaiting moderation"))
    comment_id = page.evaluate("JSON.parse(localStorage['own-comments'])[0].id")
    settled = f"/posts/{page.url.rpartition('/')[2]}/comments/{comment_id}"
    eventually(lambda: blog.ask("GET", settled)[1].get("status") == "approved", within=20)
    assert [url for url in asked if comment_id in url] == []
    page.evaluate("hidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    see_approved(page, words)
    # Asked twice for the same, the second time with the first answer's tag.
    page.reload()
    see_approved(page, words)
    with page.expect_request(f"**/api{settled.rpartition('/comments/')[0]}") as asked_again:
        page.reload()
    assert "if-none-match" in asked_again.value.all_headers()


HIDE = """
window.hidden = true;
Object.defineProperty(document, "hidden", { configurable: true, get: () => window.hidden });
"""
