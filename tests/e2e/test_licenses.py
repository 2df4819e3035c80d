"""License texts go along with the page, and with what is packaged."""

import json
import re
import tomllib

from playwright.sync_api import Page

from broker.runner.settings import PROJECT
from tests.e2e.running import RunningBlog

# Name, version and short name of the license; then its text.
LIBRARY = re.compile(r"^## (\S+) - \S+ \(.+\)\n((?:.|\n)*?)(?=^## \S+ - |\Z)", re.MULTILINE)


def test_the_page_leads_to_the_license_text_of_each_library_in_it(
    blog: RunningBlog, page: Page
) -> None:
    assert page.get_by_role("link", name="Licenses").get_attribute("href") == "/licenses.txt"
    answer = page.request.get(f"{blog.url}/licenses.txt")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    texts = dict(LIBRARY.findall(answer.text()))
    libraries = json.loads((PROJECT / "web/package.json").read_text("utf-8"))["dependencies"]
    assert texts.keys() >= libraries.keys()
    for name, text in texts.items():
        assert "copyright" in text.lower(), name
        assert len(text) > 500, name


def test_what_is_packaged_holds_the_license_and_says_which_it_is() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "Apache-2.0"
    for file in project["license-files"]:
        assert (PROJECT / file).is_file()
    for image in ("Dockerfile", "web/Dockerfile"):
        assert "COPY LICENSE" in (PROJECT / image).read_text("utf-8")
