"""The function `posts` over HTTP, on a real database."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from werkzeug.test import Client, TestResponse

from tests.databases import Databases, NewDatabases
from tests.integration.blog import client, created, document, history
from tests.unit.texts import ANY_TEXT

TOKEN = "s3cret-of-the-author"  # noqa: S105 - the author's, in these tests
AUTHOR = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def posts(databases: Databases) -> Client:
    return client("posts", databases)


@pytest.fixture
def guarded(databases: Databases) -> Client:
    return client("posts", databases, AUTHOR_TOKEN=TOKEN)


@pytest.fixture(scope="module")
def shared(new_databases: NewDatabases) -> Iterator[Client]:
    with new_databases() as databases:
        yield client("posts", databases)


def create(posts: Client, key: str | None = None, **members: object) -> TestResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    return posts.post("/posts", json={"title": "One", **members}, headers=headers)


def send_raw(
    posts: Client, body: bytes | str, content_type: str | None = "application/json"
) -> TestResponse:
    return posts.post("/posts", data=body, content_type=content_type)


def is_problem(answer: TestResponse, status: int) -> bool:
    members = document(answer)
    return (
        answer.status_code == status == members["status"]
        and answer.content_type == "application/problem+json"
        and all(members[name] for name in ("type", "title", "detail"))
    )


def pointers(answer: TestResponse) -> list[str]:
    assert is_problem(answer, 422)
    return [fault["pointer"] for fault in document(answer)["errors"] if fault["detail"]]


def test_a_post_is_answered_with_its_address_and_nothing_but_itself(posts: Client) -> None:
    answer = create(posts, title=" One ", body="Text", other=1)
    post = created(answer)
    assert answer.headers["Location"] == f"/api/posts/{post['id']}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", post["createdAt"])
    assert post == {
        "id": post["id"],
        "title": "One",
        "body": "Text",
        "createdAt": post["createdAt"],
        "updatedAt": post["createdAt"],
        "version": 1,
    }


@given(ANY_TEXT)
def test_any_text_comes_back_exactly(shared: Client, text: str) -> None:
    post = created(create(shared, title=f"x{text}x"[:200], body=text))
    assert (post["title"], post["body"]) == (f"x{text}x"[:200].strip(), text)


def test_a_change_is_a_new_version_and_its_event(posts: Client) -> None:
    post = created(create(posts, body="Text"))
    changed = document(posts.patch(f"/posts/{post['id']}", json={"title": "Two"}))
    assert changed["updatedAt"] > post["updatedAt"]
    assert changed == {**post, "title": "Two", "version": 2, "updatedAt": changed["updatedAt"]}
    assert [(event["type"], event["data"]) for event in history(posts)] == [
        ("PostCreated", post),
        ("PostUpdated", changed),
    ]


def test_a_change_that_changes_nothing_makes_no_version_and_no_event(posts: Client) -> None:
    post = created(create(posts))
    assert document(posts.patch(f"/posts/{post['id']}", json={"title": " One "})) == post
    assert len(history(posts)) == 1


def test_the_last_change_wins(posts: Client) -> None:
    path = f"/posts/{created(create(posts))['id']}"
    titles = [f"Title {number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        versions = pool.map(lambda title: posts.patch(path, json={"title": title}), titles)
    assert sorted(document(answer)["version"] for answer in versions) == list(range(2, 10))
    assert document(posts.patch(path, json={})) == history(posts)[-1]["data"]


def test_a_deleted_post_is_gone_for_every_later_command(posts: Client) -> None:
    path = f"/posts/{created(create(posts))['id']}"
    answer = posts.delete(path)
    assert (answer.status_code, answer.data) == (204, b"")
    assert is_problem(posts.delete(path), 404)
    assert is_problem(posts.patch(path, json={"title": "Two"}), 404)
    assert len(history(posts)) == 2


def test_a_deletion_blanks_every_version_in_the_history(posts: Client) -> None:
    post = created(create(posts, body="Text"))
    posts.patch(f"/posts/{post['id']}", json={"body": "More text"})
    posts.delete(f"/posts/{post['id']}")
    data = [event["data"] for event in history(posts)]
    assert [(one["title"], one["body"], one["version"]) for one in data[:2]] == [
        ("", "", 1),
        ("", "", 2),
    ]
    assert data[2] == {"id": post["id"], "version": 3}


@pytest.mark.parametrize("path", ["/posts/none", "/posts/%00", "/posts/%ff", "/posts/" + "x" * 999])
def test_an_id_that_nobody_has_is_not_found(posts: Client, path: str) -> None:
    assert is_problem(posts.patch(path, json={}), 404)
    assert is_problem(posts.delete(path), 404)


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x"],
)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/posts", b"not JSON"),
        ("POST", "/posts", b"x" * 300_000),
        ("PATCH", "/posts/none", b"\xff"),
        ("DELETE", "/posts/none", b""),
    ],
)
def test_the_token_is_asked_for_before_ids_headers_and_body(
    guarded: Client, method: str, path: str, body: bytes, authorization: str | None
) -> None:
    headers = {"Idempotency-Key": ""}
    if authorization is not None:
        headers["Authorization"] = authorization
    answer = guarded.open(path, method=method, data=body, headers=headers)
    assert is_problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_author_may_write(guarded: Client, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {TOKEN}"}
    created(guarded.post("/posts", json={"title": "One"}, headers=headers))


def test_a_token_from_a_file_may_end_in_a_line_break(databases: Databases) -> None:
    guarded = client("posts", databases, AUTHOR_TOKEN=f"{TOKEN}\n")
    created(guarded.post("/posts", json={"title": "One"}, headers=AUTHOR))
    assert create(guarded).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"title": "One",}',
        b'{"title": NaN}',
        b'{"title": "\xff"}',
        b'{"title": "One", "n": ' + b"9" * 5_000 + b"}",
        b'{"title": "One", "n": ' + b"[" * 900 + b"]" * 900 + b"}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_a_bad_request(posts: Client, body: bytes) -> None:
    assert is_problem(send_raw(posts, body), 400)


@pytest.mark.parametrize("body", ["null", "true", "7", '"title"', "[]", '[{"title": "One"}]'])
def test_a_json_value_that_is_no_object_is_well_formed_but_wrong(posts: Client, body: str) -> None:
    assert pointers(send_raw(posts, body)) == [""]


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/json-patch+json"])
def test_another_content_type_is_refused(posts: Client, content_type: str | None) -> None:
    assert is_problem(send_raw(posts, '{"title": "One"}', content_type), 415)


def test_json_may_begin_with_a_byte_order_mark(posts: Client) -> None:
    answer = send_raw(posts, b'\xef\xbb\xbf{"title": "From Windows"}')
    assert (answer.status_code, document(answer)["title"]) == (201, "From Windows")


def test_json_may_name_its_charset(posts: Client) -> None:
    created(send_raw(posts, '{"title": "One"}', "Application/JSON; charset=utf-8"))


def test_a_request_may_have_256_kib_and_not_a_byte_more(posts: Client) -> None:
    body = b'{"title": "One"}'
    created(send_raw(posts, body.ljust(256 * 1024)))
    assert is_problem(send_raw(posts, body.ljust(256 * 1024 + 1)), 413)


def test_every_fault_is_told_at_once(posts: Client) -> None:
    answer = create(posts, title="x" * 201, body="\ud800")
    assert pointers(answer) == ["#/title", "#/body"]
    assert history(posts) == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "OPTIONS", "TRACE"])
def test_another_method_is_told_which_are_allowed(posts: Client, method: str) -> None:
    answer = posts.open("/posts", method=method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_a_path_that_is_not_there_is_not_found(posts: Client) -> None:
    for path in ("/posts/", "/posts/a/b", "/nowhere", "/dead"):
        assert is_problem(posts.get(path), 404)


def test_the_same_command_again_gets_the_first_answer_and_creates_nothing(posts: Client) -> None:
    first = create(posts, "key", body="Text")
    raw = json.dumps({"body": "Text", "title": "One"}, indent=2)
    again = posts.post(
        "/posts",
        data=raw,
        content_type="application/json",
        headers={"Idempotency-Key": "key"},
    )
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Location"] == first.headers["Location"]
    assert len(history(posts)) == 1


def test_the_first_answer_is_kept_as_it_was(posts: Client) -> None:
    post = created(create(posts, "key"))
    posts.patch(f"/posts/{post['id']}", json={"title": "Two"})
    assert created(create(posts, "key")) == post


def test_a_key_belongs_to_one_content(posts: Client) -> None:
    created(create(posts, "key"))
    assert pointers(create(posts, "key", body="Other")) == [""]
    assert len(history(posts)) == 1


def test_a_refused_command_leaves_its_key_free(posts: Client) -> None:
    assert pointers(create(posts, "key", title="")) == ["#/title"]
    created(create(posts, "key"))


def test_a_key_gets_404_once_its_post_is_deleted_whatever_comes_with_it(posts: Client) -> None:
    post = created(create(posts, "key"))
    posts.delete(f"/posts/{post['id']}")
    for answer in (create(posts, "key"), create(posts, "key", body="Other")):
        assert is_problem(answer, 404)
        assert "Retry-After" not in answer.headers
    assert len(history(posts)) == 2


def test_twins_create_one_post(posts: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: create(posts, "key"), range(16)))
    assert {answer.data for answer in answers} == {answers[0].data}
    assert len(history(posts)) == 1


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256, "\x7f"])
def test_a_key_is_1_to_255_visible_ascii_characters(posts: Client, key: str) -> None:
    assert is_problem(create(posts, key), 400)
    created(create(posts, "!" + "~" * 254))


def test_every_answer_names_its_correlation_id_and_so_does_the_event(posts: Client) -> None:
    answer = posts.post("/posts", json={"title": "One"}, headers={"X-Correlation-Id": "Mine.1_-"})
    assert answer.headers["X-Correlation-Id"] == "Mine.1_-"
    assert history(posts)[0]["correlationid"] == "Mine.1_-"


@pytest.mark.parametrize("unfit", ["", "x" * 129, "a b", "a\u00e9"])
def test_an_unfit_correlation_id_is_replaced(posts: Client, unfit: str) -> None:
    answer = posts.post("/posts", json={"title": "One"}, headers={"X-Correlation-Id": unfit})
    assert answer.headers["X-Correlation-Id"] not in ("", unfit)
    assert history(posts)[0]["correlationid"] == answer.headers["X-Correlation-Id"]


def test_event_headers_elsewhere_mean_nothing(posts: Client) -> None:
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x", "ce-type": "PostCreated"}
    created(posts.post("/posts", json={"title": "One"}, headers=headers))
    assert is_problem(posts.post("/", json={"title": "One"}), 400)


def test_the_feed_leads_on_from_every_page_even_an_empty_one(posts: Client) -> None:
    def page(link: str) -> tuple[list[str], str]:
        answer = posts.get(link)
        assert answer.content_type == "application/cloudevents-batch+json"
        found = re.fullmatch(r'<(.+)>; rel="next"', answer.headers["Link"])
        assert found
        return [event["data"]["title"] for event in answer.json or []], found[1]

    titles, link = page("/events?limit=2")
    assert titles == []
    for number in range(3):
        create(posts, title=str(number))
    first, link = page(link)
    second, link = page(link)
    third, link = page(link)
    assert (first, second, third) == (["0", "1"], ["2"], [])
    create(posts, title="3")
    assert page(link)[0] == ["3"]
    assert len(page("/events")[0]) == 4


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1.5", "", "x", "٣", "9" * 5_000, "+1"])
def test_a_feed_has_pages_of_1_to_500_events(posts: Client, limit: str) -> None:
    assert pointers(posts.get("/events", query_string={"limit": limit})) == ["#/limit"]
    assert posts.get("/events?limit=500").status_code == 200


@pytest.mark.parametrize(
    "after", ["", "0", "é", "!", "W10", "WyJhIl0", "Wy0xXQ", "WzFlOTld", "x" * 9]
)
def test_a_position_that_was_never_given_out_is_a_bad_request(posts: Client, after: str) -> None:
    assert is_problem(posts.get("/events", query_string={"after": after}), 400)


def test_the_feed_tells_how_much_is_not_published_yet_and_since_when(posts: Client) -> None:
    assert posts.head("/events").headers["Outbox-Unpublished"] == "0"
    assert "Outbox-Oldest" not in posts.head("/events").headers
    first, _ = create(posts), create(posts)
    told = posts.head("/events?limit=1")
    assert (told.status_code, told.data) == (200, b"")
    assert told.headers["Outbox-Unpublished"] == "2"
    assert told.headers["Outbox-Oldest"] == document(first)["createdAt"]


@pytest.mark.parametrize("path", ["/events", "/healthz"])
def test_head_answers_as_get_without_a_body(posts: Client, path: str) -> None:
    get, head = posts.get(path), posts.head(path)
    assert (head.status_code, head.content_length) == (get.status_code, get.content_length)
    assert head.data == b""
