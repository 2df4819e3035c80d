"""The function `query` over HTTP, on a real database filled by events."""

import itertools

import pytest
from werkzeug.test import Client

from tests.databases import Databases
from tests.integration.blog import (
    Document,
    client,
    comment_data,
    document,
    event,
    pages,
    post_data,
    read_model,
    send,
)


@pytest.fixture
def query(databases: Databases) -> Client:
    return client("query", databases)


def take(query: Client, kind: str, data: Document) -> None:
    answer = send(query, event(kind, data))
    assert (answer.status_code, answer.data) == (202, b"")


def second(number: int) -> str:
    return f"2026-01-31T12:00:{number:02}.000000Z"


def add_post(query: Client, number: int, **changes: object) -> None:
    data = post_data(id=f"p{number}", createdAt=second(number), **changes)
    take(query, "PostCreated", data)


def add_comment(query: Client, number: int, status: str = "approved", **changes: object) -> None:
    data = comment_data(id=f"c{number}", createdAt=second(number), **changes)
    take(query, "CommentCreated", data)
    if status != "pending":
        reason = "word-list" if status == "rejected" else None
        decided = {"status": status, "reason": reason, "version": 2}
        take(query, "CommentUpdated", {**data, **decided})


def ids(items: list[Document]) -> list[str]:
    return [item["id"] for item in items]


def test_an_empty_blog_has_an_empty_list(query: Client) -> None:
    answer = query.get("/posts")
    assert (answer.status_code, document(answer)) == (200, {"posts": [], "next": None})


def test_a_post_in_the_list_has_an_excerpt_and_its_newest_five_approved_comments(
    query: Client,
) -> None:
    add_post(query, 1, body="Some *text*")
    for number in range(1, 8):
        add_comment(query, number)
    add_comment(query, 8, "rejected")
    add_comment(query, 9, "pending")
    listed = document(query.get("/posts"))["posts"][0]
    assert (listed["excerpt"], listed["commentCount"], "body" in listed) == ("Some text", 7, False)
    assert ids(listed["comments"]) == ["c3", "c4", "c5", "c6", "c7"]


def test_a_post_has_its_first_50_comments_and_where_they_go_on(query: Client) -> None:
    add_post(query, 1, body="Text")
    for number in range(53):
        add_comment(query, number, "pending")
    post = document(query.get("/posts/p1"))
    assert (post["body"], post["commentCount"], len(post["comments"])) == ("Text", 0, 50)
    where = {"cursor": post["nextComments"]}
    rest = document(query.get("/posts/p1/comments", query_string=where))
    assert ids(post["comments"] + rest["comments"]) == [f"c{number}" for number in range(53)]
    assert rest["next"] is None


def test_a_post_without_further_comments_has_no_cursor(query: Client) -> None:
    add_post(query, 1)
    for number in range(50):
        add_comment(query, number, "pending")
    assert document(query.get("/posts/p1"))["nextComments"] is None


def test_posts_come_newest_first_and_by_id_where_the_time_is_the_same(query: Client) -> None:
    for name in ("b", "c", "a"):
        take(query, "PostCreated", post_data(id=name))
    take(query, "PostCreated", post_data(id="A", createdAt=second(1)))
    assert ids(pages(query, "/posts", "posts")) == ["A", "c", "b", "a"]


def test_comments_come_oldest_first_and_by_id_where_the_time_is_the_same(query: Client) -> None:
    add_post(query, 1)
    for name in ("b", "c", "a"):
        take(query, "CommentCreated", comment_data(id=name, createdAt=second(2)))
    take(query, "CommentCreated", comment_data(id="z", createdAt=second(1)))
    assert ids(pages(query, "/posts/p1/comments", "comments")) == ["z", "a", "b", "c"]


def test_a_list_has_20_posts_unless_it_is_asked_for_others(query: Client) -> None:
    for number in range(30):
        add_post(query, number)
    assert len(document(query.get("/posts"))["posts"]) == 20
    assert len(document(query.get("/posts?limit=100"))["posts"]) == 30
    assert len(document(query.get("/posts?limit=1"))["posts"]) == 1


@pytest.mark.parametrize("path", ["/posts", "/posts/p1/comments"])
@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.0", "", "ten", "²", "9" * 5_000])
def test_a_page_has_1_to_100_items(query: Client, path: str, limit: str) -> None:
    add_post(query, 1)
    answer = query.get(path, query_string={"limit": limit})
    assert answer.status_code == 422
    assert document(answer)["errors"][0]["pointer"] == "#/limit"


@pytest.mark.parametrize("path", ["/posts", "/posts/p1/comments"])
@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "WzFd", "WyJhIl0", "WzEsMl0", "WyJcdTAwMDAiLCJhIl0"]
)
def test_a_cursor_that_was_never_given_out_is_a_bad_request(
    query: Client, path: str, cursor: str
) -> None:
    add_post(query, 1)
    answer = query.get(path, query_string={"cursor": cursor})
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


@pytest.mark.parametrize("when", [0, 59])
def test_posts_that_arrive_meanwhile_make_no_page_skip_or_repeat(query: Client, when: int) -> None:
    for number in range(10, 20):
        add_post(query, number)
    seen: list[str] = []
    cursor = None
    for page in itertools.count():
        where = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        answer = document(query.get("/posts", query_string=where))
        seen += ids(answer["posts"])
        if (cursor := answer["next"]) is None:
            break
        take(query, "PostCreated", post_data(id=f"new{page}", createdAt=second(when)))
        take(query, "PostUpdated", post_data(id="p15", createdAt=second(15), version=page + 2))
    there_before = [name for name in seen if name.startswith("p")]
    assert there_before == [f"p{number}" for number in range(19, 9, -1)]


def test_comments_that_arrive_or_change_meanwhile_make_no_page_skip_or_repeat(
    query: Client,
) -> None:
    add_post(query, 1)
    for number in range(10, 15):
        add_comment(query, number, "pending")
    first = document(query.get("/posts/p1/comments?limit=2"))
    add_comment(query, 5)
    add_comment(query, 12)
    add_comment(query, 20)
    where = {"cursor": first["next"], "limit": "100"}
    rest = document(query.get("/posts/p1/comments", query_string=where))
    assert ids(first["comments"] + rest["comments"]) == ["c10", "c11", "c12", "c13", "c14", "c20"]


def test_a_deleted_post_in_the_middle_of_a_walk_takes_no_other_with_it(query: Client) -> None:
    for number in range(4):
        add_post(query, number)
    first = document(query.get("/posts?limit=2"))
    take(query, "PostDeleted", {"id": "p2", "version": 2})
    rest = document(query.get("/posts", query_string={"cursor": first["next"]}))
    assert ids(rest["posts"]) == ["p1", "p0"]


@pytest.mark.parametrize("status", ["pending", "rejected"])
def test_nothing_that_is_read_has_author_or_content_of_a_comment_that_is_not_approved(
    query: Client, status: str
) -> None:
    add_post(query, 1)
    add_comment(query, 1, status, author="A secret author", content="A secret text")
    paths = ("/posts", "/posts/p1", "/posts/p1/comments", "/posts/p1/comments/c1")
    assert not any("secret" in query.get(path).text for path in paths)
    comment = document(query.get("/posts/p1/comments/c1"))
    assert (comment["author"], comment["content"], comment["status"]) == (None, None, status)


def test_a_comment_that_is_rejected_after_all_disappears_from_list_and_count(query: Client) -> None:
    add_post(query, 1)
    add_comment(query, 1)
    overruled = {"status": "rejected", "reason": "author", "version": 3}
    take(query, "CommentUpdated", comment_data(createdAt=second(1), **overruled))
    listed = document(query.get("/posts"))["posts"][0]
    assert (listed["comments"], listed["commentCount"]) == ([], 0)
    assert document(query.get("/posts/p1/comments/c1"))["reason"] == "author"


def test_a_comment_is_found_under_its_own_post_only(query: Client) -> None:
    add_post(query, 1)
    add_post(query, 2)
    add_comment(query, 1)
    assert query.get("/posts/p2/comments/c1").status_code == 404
    assert query.get("/posts/p1/comments/none").status_code == 404


def test_a_comment_is_not_seen_before_its_post_and_all_of_it_afterwards(query: Client) -> None:
    add_comment(query, 1)
    for path in ("/posts/p1", "/posts/p1/comments", "/posts/p1/comments/c1"):
        assert query.get(path).status_code == 404
    assert document(query.get("/posts"))["posts"] == []
    add_post(query, 1)
    assert document(query.get("/posts/p1"))["commentCount"] == 1
    assert ids(document(query.get("/posts"))["posts"][0]["comments"]) == ["c1"]


@pytest.mark.parametrize("late", [1, 2])
def test_an_older_or_equal_version_changes_nothing(query: Client, late: int) -> None:
    add_post(query, 1, version=2, title="New")
    add_comment(query, 1)
    before = read_model(query)
    take(query, "PostUpdated", post_data(version=late, title="Old"))
    take(query, "CommentUpdated", comment_data(version=late, status="rejected", reason="x"))
    assert read_model(query) == before


def test_a_deleted_post_is_not_found_for_ever_and_no_text_of_it_is_kept(
    query: Client, databases: Databases
) -> None:
    add_post(query, 1)
    add_comment(query, 1)
    take(query, "PostDeleted", {"id": "p1", "version": 2})
    add_post(query, 1, version=9)
    take(query, "PostUpdated", post_data(version=10))
    add_comment(query, 2)
    assert document(query.get("/posts")) == {"posts": [], "next": None}
    for path in ("/posts/p1", "/posts/p1/comments", "/posts/p1/comments/c1"):
        assert query.get(path).status_code == 404
    kept = databases.dump("query")
    assert not any(text in kept for text in ("A title", "Some text", "Ann", "Well said"))


@pytest.mark.parametrize(
    "path", ["/posts", "/posts?limit=1", "/posts/p1", "/posts/p1/comments", "/posts/p1/comments/c1"]
)
def test_a_read_that_changed_nothing_since_is_answered_with_304(query: Client, path: str) -> None:
    add_post(query, 1)
    add_comment(query, 1)
    tag = query.get(path).headers["ETag"]
    assert tag.startswith('W/"')
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        answer = query.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    take(query, "PostUpdated", post_data(title="New", version=2, createdAt=second(1)))
    add_comment(query, 1, "approved", version=2)
    take(query, "CommentUpdated", comment_data(createdAt=second(1), status="rejected", version=3))
    answer = query.get(path, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag


@pytest.mark.parametrize("path", ["/posts", "/posts/p1", "/posts/p1/comments", "/posts/none"])
def test_head_answers_as_get_without_a_body(query: Client, path: str) -> None:
    add_post(query, 1)
    get, head = query.get(path), query.head(path)
    assert head.status_code == get.status_code
    assert head.headers.get("ETag") == get.headers.get("ETag")
    assert (head.content_length, head.data) == (get.content_length, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written_here(query: Client, method: str) -> None:
    answer = query.open("/posts", method=method, json={})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "text", ["", "😀\u202e\u0085\u2028", "</script>&amp;\"'\\", "e\u0301" * 99]
)
def test_any_text_is_read_as_it_was_written(query: Client, text: str) -> None:
    add_post(query, 1, title=text, body=text)
    add_comment(query, 1, author=text, content=text)
    post = document(query.get("/posts/p1"))
    comment = post["comments"][0]
    assert (post["title"], post["body"]) == (text, text)
    assert (comment["author"], comment["content"]) == (text, text)


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    "data",
    [
        "null",
        "[]",
        '"PostCreated"',
        '{"id": "p1"}',
        *(f'{{"id": "p1", "version": {wrong}}}' for wrong in ('"1"', "1.5", "0", "-1", "true")),
        *(f'{{"id": "p1", "version": {wrong}}}' for wrong in ("9" * 30, "9" * 400, "1e999", "{}")),
        *(f'{{"id": "p1", "version": 1, "x": {deep(levels)}}}' for levels in (70, 480, 700, 970)),
        '{"id": "p1", "version": 1, "x": "\\u0000"}',
        '{"id": "p1", "version": 1, "x\\ud800": 1}',
        "",
        "{",
        '{"id": NaN}',
        "\ufeff{}",
        '{"n": ' + "9" * 5_000 + "}",
        deep(50_000),
    ],
)
def test_forged_data_is_refused_for_good_and_changes_nothing(query: Client, data: str) -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/posts"}
    answer = query.post(
        "/",
        data=data,
        content_type="application/json",
        headers={**headers, "ce-type": "PostDeleted"},
    )
    assert answer.status_code == 422
    assert read_model(query) == {"list": [], "posts": {}, "comments": {}}


@pytest.mark.parametrize(
    "time", ["yesterday", "٢026-01-31T12:00:00.000000Z", "2026-01-31T12:00:00.000000Z\n"]
)
def test_a_time_that_would_not_sort_is_refused(query: Client, time: str) -> None:
    answer = send(query, event("PostCreated", post_data(createdAt=time)))
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/cloudevents-batch+json", "[]", 415),
        ("application/cloudevents+json", "", 400),
        ("application/cloudevents+json", "[]", 400),
        ("application/cloudevents+json", '{"specversion": "1.0"}', 400),
        ("application/cloudevents+json", deep(50_000), 400),
        ("application/json", "{}", 400),
        ("text/plain", "hello", 400),
    ],
)
def test_what_is_no_single_valid_event_is_refused(
    query: Client, content_type: str, body: str, status: int
) -> None:
    answer = query.post("/", data=body, content_type=content_type)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
