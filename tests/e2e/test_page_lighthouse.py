"""Lighthouse on the built page: what it finds wrong fails, how fast it finds it is reported."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.browsing import CHROMIUM_FLAGS, chromium_path, unique
from tests.e2e.running import RunningBlog, eventually

LIGHTHOUSE = Path(__file__).parents[1] / "lighthouse" / "node_modules" / ".bin" / "lighthouse"
AT_LEAST_95 = ("accessibility", "best-practices", "seo")


@pytest.fixture(scope="module")
def lighthouse() -> Path:
    if not LIGHTHOUSE.exists():
        missing = "lighthouse is not installed: run `npm ci` in tests/lighthouse"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return LIGHTHOUSE


@pytest.mark.parametrize("view", ["list", "post"])
def test_lighthouse_is_content(
    browser: Browser,  # noqa: ARG001 - asked for first: without it no blog is started
    lighthouse: Path,
    blog: RunningBlog,
    capsys: pytest.CaptureFixture[str],
    view: str,
) -> None:
    path = "/" if view == "list" else written_post(blog)
    scores = audit(lighthouse, f"{blog.url}{path}")
    with capsys.disabled():
        print(f"\nLighthouse, {view}: {scores}")  # noqa: T201 - the report is what it is for
    assert all(scores[name] >= 95 for name in AT_LEAST_95), scores


def written_post(blog: RunningBlog) -> str:
    body = "Some text.\n\n```go\nfunc main() {}\n```\n\n| a | b |\n| - | - |\n| 1 | 2 |\n"
    answer = blog.ask("POST", "/posts", {"title": unique("Audited"), "body": body})
    path = f"/posts/{answer[1]['id']}"
    eventually(lambda: blog.ask("GET", path)[0] == 200)
    return path


def audit(lighthouse: Path, url: str) -> dict[str, int]:
    """Each category's score, of 100."""
    wanted = ",".join(("performance", *AT_LEAST_95))
    options = [f"--only-categories={wanted}", "--output=json", "--quiet"]
    flags = f"--chrome-flags={' '.join(CHROMIUM_FLAGS)}"
    ran = subprocess.run(
        [lighthouse, url, *options, flags, "--disable-full-page-screenshot"],
        env={**os.environ, "CHROME_PATH": str(chromium_path())},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    categories = json.loads(ran.stdout)["categories"]
    return {name: round(category["score"] * 100) for name, category in categories.items()}
