"""Makes the README's screenshots and the page's site card, from a blog of its own with the demo.

Run it after a change to the page is built: `.venv/bin/python docs/screenshots/make.py`.
"""

import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.e2e.browsing import ONE_COMMENT, comment, open_post, see, started, tab, write_comment
from tests.e2e.running import BLOG, RunningBlog, environment

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CARD = ROOT / "web" / "public" / "card.png"
POST = "How your comment travels"
CARD_PAGE = """
<body style="margin: 0; width: 1200px; height: 630px; display: grid; place-content: center;
  background: #2b3a67; color: #f6e7b4; font: 600 88px Georgia, serif; text-align: center">
  <img src="/icon.svg" width="190" style="margin: 0 auto 24px">
  Sleeping Blog
  <span style="font: 36px system-ui, sans-serif; margin-top: 18px">
    It sleeps until somebody reads or writes.</span>
</body>
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        blog = RunningBlog(Path(folder) / "data", environment()).start().ready()
        try:
            load_demo(blog)
            with started() as browser:
                look(browser, blog.url)
        finally:
            blog.stop()


def load_demo(blog: RunningBlog) -> None:
    files = ("demo/posts", "demo/comments.csv", "--wait", "--url", blog.url)
    subprocess.run([BLOG, "load", *files], cwd=ROOT, check=True)  # noqa: S603 - our own verb


def look(browser: Browser, url: str) -> None:
    wide, small = {"width": 960, "height": 720}, {"width": 390, "height": 780}
    with tab(browser, url, viewport=wide) as page:
        take_list(page, "list")
        take_post(page, "post")
        take_comments(page)
    with tab(browser, url, viewport=wide, color_scheme="dark") as page:
        take_post(page, "dark")
    with tab(browser, url, viewport=small) as page:
        take_list(page, "small")
    with tab(browser, url, viewport={"width": 1200, "height": 630}, bypass_csp=True) as page:
        page.goto("/")
        page.set_content(CARD_PAGE, wait_until="networkidle")
        page.screenshot(path=CARD)


def take_list(page: Page, name: str) -> None:
    page.goto("/")
    see(page.get_by_role("article").first)
    page.screenshot(path=HERE / f"{name}.png")


def take_post(page: Page, name: str) -> None:
    page.goto("/")
    open_post(page, POST)
    see(page.locator(".prose p").first)
    page.screenshot(path=HERE / f"{name}.png")


def take_comments(page: Page) -> None:
    """On an opened post: one comment approved, one rejected, one awaiting moderation."""
    write_comment(page, "I could not see where it went, now I can.", author="Ada")
    see(page.get_by_text("I could not see where it went"))
    write_comment(page, "Have an orange!", author="Ada")
    see(comment(page, "Have an orange!").get_by_text("Rejected"))
    page.route(ONE_COMMENT, lambda route: route.fulfill(status=404, json={}))
    write_comment(page, "How long does the longest wait take?", author="Ada")
    see(comment(page, "How long").get_by_text("Awaiting moderation"))
    comments = page.locator(".comments ol").last
    comments.scroll_into_view_if_needed()
    page.get_by_role("listitem").filter(has_text="where it went").scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    page.screenshot(path=HERE / "comments.png")


if __name__ == "__main__":
    main()
