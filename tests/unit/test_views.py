"""What readers get of posts and comments, as JSON."""

import json
from typing import Any

import pytest
from hypothesis import given

from functions.events import CommentState, Status
from functions.query import store, views
from tests.unit.texts import ANY_TEXT

TIME = "2026-01-31T12:00:00.000000Z"


def comment(status: Status = Status.APPROVED, content: str = "Well said") -> CommentState:
    return CommentState(
        id="c1",
        postId="p1",
        author="Ann",
        content=content,
        status=status,
        createdAt=TIME,
        version=2,
    )


def post(body: str = "Some *text*") -> store.Post:
    row = {"id": "p1", "title": "One", "createdAt": TIME, "updatedAt": TIME, "version": 1}
    return store.Post(**row, body=body, excerpt="Some text", approved=1)  # type: ignore[arg-type]


def parsed(text: str) -> Any:
    return json.loads(text)


def test_a_post_in_the_list_has_an_excerpt_instead_of_its_body() -> None:
    shown = parsed(views.summary(post(), [comment()]))
    assert shown == {
        "id": "p1",
        "title": "One",
        "excerpt": "Some text",
        "createdAt": TIME,
        "updatedAt": TIME,
        "version": 1,
        "commentCount": 1,
        "comments": [views.comment_view(comment())],
    }


def test_a_post_has_its_body_and_the_cursor_of_its_further_comments() -> None:
    shown = parsed(views.post_view(post(), [], "on"))
    assert shown["body"] == "Some *text*"
    assert (shown["comments"], shown["nextComments"], "excerpt" in shown) == ([], "on", False)


@given(ANY_TEXT)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert parsed(views.post_view(post(text), [], None))["body"] == text
    page = views.page([views.summary(post(), [comment(content=text)])], None)
    assert parsed(page)["posts"][0]["comments"][0]["content"] == text


@pytest.mark.parametrize("status", list(Status))
def test_only_an_approved_comment_shows_who_wrote_what(status: Status) -> None:
    shown = views.comment_view(comment(status))
    texts = (shown["author"], shown["content"])
    assert texts == (("Ann", "Well said") if status == Status.APPROVED else (None, None))
    assert (shown["status"], shown["version"]) == (status, 2)


def test_an_empty_page_is_a_page() -> None:
    assert parsed(views.page([], None)) == {"posts": [], "next": None}
