"""The page in a real browser: what a writer and a reader see of the events on their way."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import (
    ONE_COMMENT,
    ONE_POST,
    comment,
    not_read_yet,
    open_post,
    see,
    see_approved,
    see_no_more,
    tab,
    unique,
    write_comment,
    write_post,
)
from tests.e2e.running import RunningBlog, eventually


def test_a_written_post_is_on_its_way_then_appears_and_outlasts_a_reload(page: Page) -> None:
    title = unique("A quiet night")
    card = page.get_by_role("article").filter(has_text=title)
    with not_read_yet(page, ONE_POST):
        write_post(page, title, f"# {title}\n\nThe *owl* sleeps by day.")
        see(card.get_by_text("On its way"))
    see_no_more(card.get_by_text("On its way"))
    see(card.get_by_text("No comments yet"))

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
    see_no_more(page.get_by_text("On its way"))


def test_a_comment_awaits_moderation_and_is_approved_without_a_reload(page: Page) -> None:
    title, words = unique("Comments welcome"), unique("What a fine owl")
    write_post(page, title)
    open_post(page, title)
    with not_read_yet(page, ONE_COMMENT):
        write_comment(page, words, author="Ada")
        see(comment(page, words).get_by_text("Awaiting moderation"))
    see_approved(page, words)
    see(page.get_by_role("heading", name="Comments 1"))
    expect(page.get_by_label("Your name")).to_have_value("Ada")

    page.reload()
    expect(comment(page, words)).to_contain_text("Ada")
    expect(comment(page, words)).not_to_contain_text("Awaiting")


def test_a_verdict_that_came_while_the_tab_was_closed_is_there_on_coming_back(page: Page) -> None:
    title, words = unique("See you later"), unique("An orange for you")
    write_post(page, title)
    open_post(page, title)
    address = page.url
    with not_read_yet(page, ONE_COMMENT):
        write_comment(page, words)
        see(comment(page, words).get_by_text("Awaiting moderation"))
        page.close()
    again = page.context.new_page()
    again.goto(address)
    see(comment(again, words).get_by_text("Rejected"))
    expect(comment(again, words)).to_contain_text("It holds a word from the blog")


def test_a_rejected_comment_is_told_with_its_reason_and_hidden_from_others(
    page: Page, browser: Browser, blog: RunningBlog
) -> None:
    title, words = unique("No fruit"), unique("An orange for you")
    write_post(page, title)
    open_post(page, title)
    write_comment(page, words)
    see(comment(page, words).get_by_text("Rejected"))
    expect(comment(page, words)).to_contain_text("It holds a word from the blog")
    with tab(browser, blog.url) as other:
        other.goto(page.url)
        see(other.get_by_text("A comment was rejected. It holds a word from the blog"))
        expect(other.get_by_text(words)).to_have_count(0)


def test_two_browsers_see_each_other_without_a_reload(
    page: Page, browser: Browser, blog: RunningBlog
) -> None:
    title, hello, no = unique("For two"), unique("Hello, you"), unique("An orange")
    write_post(page, title)
    open_post(page, title)
    with tab(browser, blog.url) as other:
        other.goto(page.url)
        write_comment(other, no, author="Bob")
        see(comment(other, no).get_by_text("Rejected"))
        page.reload()
        page.get_by_role("button", name="Approve the comment by Somebody").click()
        see(comment(page, no))
        come_back(other)
        see_approved(other, no)
        write_comment(other, hello, author="Bob")
        see_approved(other, hello)
        come_back(page)
        see(comment(page, hello))


def come_back(page: Page) -> None:
    """To the tab, as after a look at another: then it looks for news."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


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


def test_older_posts_come_when_asked_for(page: Page, blog: RunningBlog) -> None:
    oldest = unique("The first of many")
    for title in [oldest, *(unique("One of many") for _ in range(20))]:
        assert blog.ask("POST", "/posts", {"title": title})[0] == 201
    eventually(lambda: blog.ask("GET", "/posts?limit=21")[1]["posts"][-1]["title"] == oldest)
    # What the page asks for may still be answered from before.
    eventually(lambda: all(one["title"] != oldest for one in blog.ask("GET", "/posts")[1]["posts"]))
    page.reload()
    see(page.get_by_role("article").nth(19))
    expect(page.get_by_role("link", name=oldest)).to_have_count(0)
    page.get_by_role("button", name="Older posts").click()
    see(page.get_by_role("link", name=oldest))


def test_a_post_has_a_title_and_a_description_of_its_own(page: Page) -> None:
    title = unique("Owls")
    write_post(page, title, "They *sleep* by day.")
    open_post(page, title)
    expect(page).to_have_title(f"{title} · Sleeping Blog")
    description = page.locator("meta[name=description]")
    expect(description).to_have_attribute("content", "They sleep by day.")
    page.get_by_role("link", name="All posts").click()
    expect(page).to_have_title("Sleeping Blog")


def test_an_address_with_no_post_says_so(page: Page) -> None:
    page.goto("/posts/no-such-post")
    see(page.get_by_role("heading", name="There is nothing here"))


def test_the_feed_that_the_page_links_to_has_the_posts(page: Page) -> None:
    title = unique("Fed & <read>")
    write_post(page, title)
    see_no_more(page.get_by_text("On its way"))
    address = page.locator("link[type='application/atom+xml']").get_attribute("href")
    feed = page.request.get(address or "")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert re.search(r"<title>Fed &amp; &lt;read&gt; \w+</title>", feed.text())
