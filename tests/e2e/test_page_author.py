"""The author at a blog that asks for a token: signing in, changing, deleting, overruling."""

import re
from collections.abc import Iterator

import pytest
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
    sign_in,
    tab,
    unique,
    write_comment,
    write_post,
)
from tests.e2e.running import QUERY, RunningBlog, environment, eventually

TOKEN = "an-owl-knows-it-all"  # noqa: S105 - of a blog that lives as long as these tests


@pytest.fixture(scope="module")
def guarded(
    browser: Browser,  # noqa: ARG001 - asked for first: without it no blog is started
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningBlog]:
    """A blog that only its author may write on."""
    data = tmp_path_factory.mktemp("guarded") / "data"
    running = RunningBlog(data, environment(AUTHOR_TOKEN=TOKEN)).start()
    try:
        yield running.ready()
    finally:
        running.stop()


@pytest.fixture
def reader(browser: Browser, guarded: RunningBlog) -> Iterator[Page]:
    """The list, nobody signed in."""
    with tab(browser, guarded.url) as opened:
        opened.goto("/")
        yield opened


@pytest.fixture
def author(reader: Page) -> Page:
    """The list, the author signed in."""
    sign_in(reader, TOKEN)
    return reader


def test_the_author_signs_in_with_the_token_and_out_again(reader: Page) -> None:
    write = reader.get_by_role("button", name="Write a post")
    see(reader.get_by_role("heading", level=1))
    expect(write).to_have_count(0)
    reader.get_by_role("button", name="Sign in").click()
    token = reader.get_by_label("token")
    token.fill("a guess")
    token.press("Enter")
    see(reader.get_by_text("That token was not taken."))
    expect(token).to_have_attribute("aria-invalid", "true")
    token.fill(TOKEN)
    token.press("Enter")
    see(write)
    reader.reload()
    see(write)
    reader.get_by_role("button", name="Sign out").click()
    expect(write).to_have_count(0)
    assert reader.evaluate("JSON.stringify([sessionStorage, localStorage])") == "[{},{}]"


def test_another_tab_is_not_signed_in(author: Page) -> None:
    other = author.context.new_page()
    other.goto("/")
    see(other.get_by_role("button", name="Sign in"))


def test_a_changed_post_is_shown_at_once_and_marked_until_readers_see_it(author: Page) -> None:
    before, after = unique("Before"), unique("After")
    write_post(author, before, "old text")
    open_post(author, before)
    author.get_by_role("button", name="Edit").click()
    author.get_by_label("Title").fill(after)
    author.get_by_label("Text").fill("**new** text")
    author.get_by_role("button", name="Preview").click()
    expect(author.locator(".preview strong")).to_have_text("new")
    with not_read_yet(author, ONE_POST):
        author.get_by_role("button", name="Save").click()
        see(author.get_by_role("heading", level=1, name=after))
        expect(author.locator(".prose strong")).to_have_text("new")
        see(author.get_by_text("On its way"))
    see_no_more(author.get_by_text("On its way"))
    author.reload()
    see(author.get_by_role("heading", level=1, name=after))


def test_deleting_asks_first_and_then_is_for_ever(author: Page) -> None:
    title = unique("Doomed")
    write_post(author, title)
    see_no_more(author.get_by_text("On its way"))
    open_post(author, title)
    address = author.url
    delete = author.get_by_role("button", name="Delete")
    delete.click()
    see(author.get_by_role("dialog").get_by_text(title))
    author.keyboard.press("Escape")
    expect(delete).to_be_focused()
    delete.click()
    author.get_by_role("button", name="Delete it").click()
    see(author.get_by_role("heading", level=1, name="Posts"))
    see_no_more(author.get_by_text("A post is being deleted."))
    expect(author.get_by_role("link", name=title)).to_have_count(0)
    author.goto(address)
    see(author.get_by_role("heading", name="There is nothing here"))


def test_the_author_overrules_moderation_and_sees_that_it_is_on_its_way(author: Page) -> None:
    title, words = unique("Fruit"), unique("An orange")
    write_post(author, title)
    open_post(author, title)
    write_comment(author, words, author="Ada")
    see(comment(author, words).get_by_text("Rejected"))
    with not_read_yet(author, ONE_COMMENT):
        author.get_by_role("button", name="Approve the comment by Ada").click()
        see(comment(author, words).get_by_text("Approved, on its way"))
    see_approved(author, words)
    author.get_by_role("button", name="Reject the comment by Ada").click()
    see(author.get_by_text(re.compile("author decided so")))


def test_a_killed_function_costs_no_comment_and_no_verdict(
    author: Page, guarded: RunningBlog
) -> None:
    title, words = unique("Sturdy"), unique("Still here")
    write_post(author, title)
    open_post(author, title)
    see_no_more(author.get_by_text("On its way"))
    # All found before the first is killed: a process that is just ending has no command line.
    killed = [guarded.program(f"--target {name}") for name in ("comments", "query", "moderation")]
    for function in killed:
        function.kill()
    write_comment(author, words)
    see_approved(author, words)
    author.reload()
    see_approved(author, words)


def test_a_service_that_was_away_comes_back_by_itself(reader: Page, guarded: RunningBlog) -> None:
    guarded.program("--target query").kill()
    eventually(lambda: not guarded.listens(QUERY), within=5)
    reader.goto("/posts/nobody-read-it-yet")
    see(reader.get_by_role("heading", name="The service is away"))
    see(reader.get_by_role("heading", name="There is nothing here"))


KNOWN = re.compile("Posts|Nothing here yet")


def test_what_was_read_lately_can_be_read_while_the_service_is_away(
    reader: Page, guarded: RunningBlog
) -> None:
    reader.goto("/")
    see(reader.get_by_role("heading", name=KNOWN))
    guarded.program("--target query").kill()
    eventually(lambda: not guarded.listens(QUERY), within=5)
    reader.reload()
    see(reader.get_by_role("heading", name=KNOWN))
