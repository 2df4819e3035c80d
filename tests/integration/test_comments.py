"""The function `comments` over HTTP, on a real database."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import given
from werkzeug.test import Client, TestResponse

from tests.databases import Databases, NewDatabases
from tests.integration.blog import (
    client,
    comment_data,
    created,
    document,
    event,
    history,
    judgement,
    post_data,
    send,
)
from tests.unit.texts import ANY_TEXT

TOKEN = "s3cret-of-the-author"  # noqa: S105 - the author's, in these tests


def opened(databases: Databases, **env: str) -> Client:
    """The function, knowing the post p1."""
    comments = client("comments", databases, **env)
    assert send(comments, event("PostCreated", post_data())).status_code == 202
    return comments


@pytest.fixture
def comments(databases: Databases) -> Client:
    return opened(databases)


@pytest.fixture(scope="module")
def shared(new_databases: NewDatabases) -> Iterator[Client]:
    with new_databases() as databases:
        yield opened(databases)


def write(
    comments: Client, key: str | None = None, post: str = "p1", **members: object
) -> TestResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"content": "Well said", "author": "Ann", **members}
    return comments.post(f"/posts/{post}/comments", json=body, headers=headers)


def overrule(comments: Client, comment_id: str, status: object, post: str = "p1") -> TestResponse:
    return comments.patch(f"/posts/{post}/comments/{comment_id}", json={"status": status})


def judge(comments: Client, comment_id: str, status: str, **changes: object) -> None:
    reason = "word-list" if status == "rejected" else None
    data = judgement(id=comment_id, status=status, reason=reason, **changes)
    answer = send(comments, event("CommentModerated", data))
    assert (answer.status_code, answer.data) == (202, b"")


def delete_post(comments: Client) -> None:
    data = {"id": "p1", "version": 2}
    assert send(comments, event("PostDeleted", data)).status_code == 202


def states(comments: Client) -> list[tuple[str, str, str | None]]:
    """Type, status and reason of each event so far."""
    return [
        (one["type"], one["data"]["status"], one["data"].get("reason")) for one in history(comments)
    ]


PENDING = ("CommentCreated", "pending", None)


def test_a_new_comment_is_pending_and_only_its_writer_gets_its_text(comments: Client) -> None:
    answer = write(comments, author=" Ann ")
    comment = created(answer)
    assert answer.headers["Location"] == f"/api/posts/p1/comments/{comment['id']}"
    assert comment == {
        "id": comment["id"],
        "postId": "p1",
        "author": "Ann",
        "content": "Well said",
        "status": "pending",
        "reason": None,
        "createdAt": comment["createdAt"],
        "version": 1,
    }


@given(ANY_TEXT)
def test_any_text_comes_back_exactly(shared: Client, text: str) -> None:
    assert created(write(shared, content=f"x{text}", author=None))["content"] == f"x{text}"


def test_the_event_tells_the_whole_comment(comments: Client) -> None:
    comment = created(write(comments))
    told = history(comments)[0]
    del comment["reason"]
    assert told["data"] == comment
    assert (told["subject"], told["partitionkey"]) == (comment["id"], "p1")


def test_until_its_post_is_known_a_comment_is_told_to_come_back(databases: Databases) -> None:
    comments = client("comments", databases)
    answer = write(comments, "key")
    assert (answer.status_code, answer.headers["Retry-After"]) == (404, "1")
    send(comments, event("PostCreated", post_data()))
    created(write(comments, "key"))


def test_a_deleted_post_takes_no_comments_and_does_not_ask_to_come_back(comments: Client) -> None:
    delete_post(comments)
    answer = write(comments)
    assert answer.status_code == 404
    assert "Retry-After" not in answer.headers


def test_a_post_whose_deletion_came_first_is_never_opened(databases: Databases) -> None:
    comments = client("comments", databases)
    delete_post(comments)
    send(comments, event("PostCreated", post_data()))
    answer = write(comments)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (404, None)


def test_a_verdict_makes_the_next_version_and_says_which_event_caused_it(comments: Client) -> None:
    comment = created(write(comments))
    verdict = event(
        "CommentModerated",
        judgement(id=comment["id"]),
        id="verdict-1",
        correlationid="the-request",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    send(comments, verdict)
    told = history(comments)[-1]
    assert told["data"] == {**comment, "status": "approved", "version": 2}
    assert told["causationid"] == "verdict-1"
    assert told["correlationid"] == "the-request"
    assert told["traceparent"] == verdict["traceparent"]


def test_a_second_verdict_changes_nothing(comments: Client) -> None:
    comment = created(write(comments))["id"]
    judge(comments, comment, "rejected")
    judge(comments, comment, "approved")
    judge(comments, comment, "rejected")
    assert states(comments) == [PENDING, ("CommentUpdated", "rejected", "word-list")]


def test_a_verdict_after_the_authors_own_changes_nothing(comments: Client) -> None:
    comment = created(write(comments))["id"]
    overrule(comments, comment, "approved")
    judge(comments, comment, "rejected")
    assert states(comments) == [PENDING, ("CommentUpdated", "approved", None)]


def test_a_verdict_on_nothing_that_is_known_here_is_taken_and_changes_nothing(
    comments: Client,
) -> None:
    comment = created(write(comments))["id"]
    judge(comments, "nobody", "rejected")
    judge(comments, comment, "rejected", postId="p2")
    assert states(comments) == [PENDING]


def test_the_author_overrules_moderation_and_gets_what_a_reader_gets(comments: Client) -> None:
    comment = created(write(comments))
    judge(comments, comment["id"], "rejected")
    approved = document(overrule(comments, comment["id"], "approved"))
    assert approved == {**comment, "status": "approved", "version": 3}
    rejected = document(overrule(comments, comment["id"], "rejected"))
    hidden = {"author": None, "content": None, "reason": "author"}
    assert rejected == {**comment, **hidden, "status": "rejected", "version": 4}


def test_an_overruling_that_changes_nothing_makes_no_version(comments: Client) -> None:
    comment = created(write(comments))["id"]
    overrule(comments, comment, "approved")
    assert document(overrule(comments, comment, "approved"))["version"] == 2
    assert len(history(comments)) == 2


def test_a_comment_is_found_under_its_own_post_only(comments: Client) -> None:
    send(comments, event("PostCreated", post_data(id="p2")))
    comment = created(write(comments))["id"]
    assert overrule(comments, comment, "approved", post="p2").status_code == 404
    assert overrule(comments, "nobody", "approved").status_code == 404


def test_overruling_asks_for_the_token_first_and_writing_does_not(databases: Databases) -> None:
    comments = opened(databases, AUTHOR_TOKEN=TOKEN)
    path = f"/posts/p1/comments/{created(write(comments))['id']}"
    assert comments.patch("/posts/x/comments/y", data=b"\xff").status_code == 401
    assert comments.patch(path, json={"status": "approved"}).status_code == 401
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert comments.patch(path, json={"status": "approved"}, headers=headers).status_code == 200


def test_every_fault_is_told_at_once(comments: Client) -> None:
    answer = write(comments, content=" \n", author="x" * 81)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in document(answer)["errors"]] == ["#/content", "#/author"]


def test_a_deletion_blanks_comments_history_and_first_answers(comments: Client) -> None:
    comment = created(write(comments, "key"))["id"]
    judge(comments, comment, "approved")
    delete_post(comments)
    told = [(one["data"]["author"], one["data"]["content"]) for one in history(comments)]
    assert told == [(None, ""), (None, "")]
    assert write(comments, "key").status_code == 404
    assert overrule(comments, comment, "rejected").status_code == 404
    judge(comments, comment, "rejected")
    assert len(history(comments)) == 2


def test_a_key_belongs_to_one_post(comments: Client) -> None:
    send(comments, event("PostCreated", post_data(id="p2")))
    first, second = write(comments, "key"), write(comments, "key", post="p2")
    assert created(first)["id"] != created(second)["id"]
    assert write(comments, "key").data == first.data
    assert write(comments, "key", content="Other").status_code == 422


def test_twins_create_one_comment(comments: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: write(comments, "key"), range(16)))
    assert {answer.data for answer in answers} == {answers[0].data}
    assert len(history(comments)) == 1


def test_two_verdicts_and_the_author_at_once_leave_one_story(comments: Client) -> None:
    comment = created(write(comments))["id"]
    with ThreadPoolExecutor(4) as pool:
        at_once: list[Future[object]] = [
            pool.submit(judge, comments, comment, "rejected"),
            pool.submit(overrule, comments, comment, "approved"),
            pool.submit(judge, comments, comment, "rejected"),
        ]
    for done in at_once:
        done.result()
    versions = [one["data"]["version"] for one in history(comments)]
    assert versions == list(range(1, len(versions) + 1))
    assert states(comments)[-1] == ("CommentUpdated", "approved", None)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("PostCreated", post_data(id="p1\n")),
        ("PostCreated", post_data(id="")),
        ("PostCreated", post_data(id=7)),
        ("PostCreated", post_data(title="\0")),
        ("PostCreated", post_data(body="\ud800")),
        ("PostCreated", {"id": "p1"}),
        ("PostCreated", []),
        ("PostCreated", None),
        ("PostDeleted", {"id": "p1", "version": 0}),
        ("PostDeleted", {"id": "p1", "version": 2**53}),
        ("PostDeleted", {"id": "p1", "version": 2**63}),
        ("PostDeleted", {"id": "p1", "version": True}),
        ("CommentModerated", judgement(status="pending")),
        ("CommentModerated", judgement(reason=["word-list"])),
        ("CommentModerated", judgement(commentVersion="1")),
    ],
)
def test_an_event_with_wrong_data_is_refused_for_good(
    comments: Client, kind: str, data: object
) -> None:
    assert send(comments, event(kind, data)).status_code == 422


def test_an_event_that_concerns_somebody_else_is_taken_and_ignored(comments: Client) -> None:
    for one in (
        event("PostUpdated", {"what": "ever"}),
        event("CommentCreated", comment_data()),
        event("PostCreated", [], source="/elsewhere"),
        event("PostCreated", [], type="SomethingNew"),
    ):
        answer = send(comments, one)
        assert (answer.status_code, answer.data) == (202, b"")


def test_members_that_are_not_known_do_no_harm(comments: Client) -> None:
    data = {**post_data(id="p2"), "later": {"a": [1]}}
    assert send(comments, event("PostCreated", data, later="x")).status_code == 202
    created(write(comments, post="p2"))
