"""A database that is away, full, locked or partly unreadable: what each function then answers."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from eventing.answer import to_json
from tests.databases import Files
from tests.disks import disk, fill
from tests.integration.blog import (
    BUILDERS,
    STRUCTURED,
    Blog,
    client,
    comment_data,
    document,
    event,
    post_data,
    read_model,
    send,
)

READS = {"query": "/posts", "dead_letters": "/dead"}
LETTER = to_json(event("PostCreated", post_data()))
BAD_UTF8 = b'{"title": "\xff"}'


def changes(name: str, function: Client) -> list[TestResponse]:
    """Requests and events that write to the function's database, all of them new to it."""
    match name:
        case "posts":
            return [function.post("/posts", json={"title": "T"})]
        case "comments":
            created = event("PostCreated", post_data(id="p2"))
            comment = function.post("/posts/p1/comments", json={"content": "C"})
            return [comment, send(function, created)]
        case "moderation":
            return [send(function, event("CommentCreated", comment_data()))]
        case "query":
            events = ("PostCreated", post_data()), ("CommentUpdated", comment_data())
            return [send(function, event(*each)) for each in events]
        case _:
            path = "/dead/query-post-created"
            return [function.post(path, data=LETTER, content_type=STRUCTURED)]


def read(name: str, function: Client) -> TestResponse:
    return function.get(READS.get(name, "/events"))


def made(name: str, files: Files) -> Client:
    """The function with its database, which knows one post where it must."""
    function = client(name, files)
    if name == "comments":
        assert send(function, event("PostCreated", post_data())).status_code == 202
    assert read(name, function).status_code == 200
    return function


def come_again(answers: list[TestResponse]) -> bool:
    """Whether all say so, which makes the broker deliver again and a caller try again."""
    return {(one.status_code, one.headers.get("Retry-After")) for one in answers} == {(503, "1")}


def taken(answers: list[TestResponse]) -> bool:
    return all(one.status_code in (200, 201, 202) for one in answers)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk(tmp_path / "disk") as folder:
        yield folder


@pytest.mark.parametrize("name", BUILDERS)
def test_on_a_full_disk_no_more_is_accepted_than_fits_and_everything_read_until_there_is_room(
    small_disk: Path, name: str
) -> None:
    function = made(name, Files(small_disk))
    filler = fill(small_disk)
    before = read(name, function).data
    answers = changes(name, function) + changes(name, function)
    refused = [one for one in answers if one.status_code >= 500]
    assert come_again(refused)
    # A row may fit into what the database's files have anyway.
    assert taken([one for one in answers if one not in refused])
    assert read(name, function).data == before or len(refused) < len(answers)

    filler.unlink()
    assert taken(changes(name, function))
    assert read(name, function).data != before or name == "comments"


@pytest.mark.parametrize("name", BUILDERS)
def test_a_function_that_starts_on_a_full_disk_works_when_there_is_room(
    small_disk: Path, name: str
) -> None:
    filler = fill(small_disk)
    function = client(name, Files(small_disk))
    assert come_again([read(name, function)])

    filler.unlink()
    made(name, Files(small_disk))
    assert taken(changes(name, function))


@pytest.mark.parametrize("name", BUILDERS)
def test_a_database_that_cannot_be_reached_is_asked_again(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "data"
    folder.write_text("a file where the folder should be")
    function = client(name, Files(folder))
    assert come_again([*changes(name, function), read(name, function)])

    folder.unlink()
    made(name, Files(folder))
    assert taken([*changes(name, function), read(name, function)])


def test_a_locked_file_is_asked_again_and_still_read(tmp_path: Path) -> None:
    files = Files(tmp_path)
    functions = {name: made(name, files) for name in BUILDERS}
    locks = [sqlite3.connect(tmp_path / f"{name}.db", isolation_level=None) for name in BUILDERS]
    for lock in locks:
        lock.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(len(BUILDERS)) as threads:
        answers = list(threads.map(changes, functions, functions.values()))
    assert all(map(come_again, answers))
    assert taken([read(name, function) for name, function in functions.items()])

    for lock in locks:
        lock.close()
    assert all(taken(changes(name, function)) for name, function in functions.items())


def damage(files: Files, name: str, statement: str, value: object) -> None:
    """Change one row as a disk would: what is text stays text, whatever its bytes."""
    with closing(sqlite3.connect(files.folder / f"{name}.db")) as connection:
        assert connection.execute(statement, (value,)).rowcount == 1
        connection.commit()


@pytest.mark.parametrize("text", [b'{"id":', BAD_UTF8], ids=["cut", "bad UTF-8"])
def test_a_damaged_post_is_left_out_of_the_lists_and_hurts_no_other(
    tmp_path: Path, text: bytes
) -> None:
    files = Files(tmp_path)
    query = client("query", files)
    for post in ("p1", "p2", "p3"):
        send(query, event("PostCreated", post_data(id=post)))
    damage(files, "query", "UPDATE posts SET summary = CAST(? AS TEXT) WHERE id = 'p2'", text)

    listed = document(query.get("/posts"))["posts"]
    assert [post["id"] for post in listed] == ["p3", "p1"]
    assert query.get("/feed.xml").text.count("<entry>") == 2
    # Pages go on behind it, and its next version mends it.
    following = document(query.get("/posts?limit=2"))["next"]
    assert [post["id"] for post in document(query.get(f"/posts?cursor={following}"))["posts"]] == [
        "p1"
    ]
    assert send(query, event("PostUpdated", post_data(id="p2", version=2))).status_code == 202
    assert len(document(query.get("/posts"))["posts"]) == 3


@pytest.mark.parametrize(
    "damaged", ["status = 'appr\x7foved', content = ?", "content = CAST(? AS TEXT)"]
)
def test_a_damaged_comment_is_hidden_and_hurts_no_other(tmp_path: Path, damaged: str) -> None:
    files = Files(tmp_path)
    query = client("query", files)
    send(query, event("PostCreated", post_data()))
    for comment in ("c1", "c2"):
        data = comment_data(id=comment, status="approved", reason=None, version=2)
        assert send(query, event("CommentUpdated", data)).status_code == 202
    damage(files, "query", f"UPDATE comments SET {damaged} WHERE id = 'c1'", BAD_UTF8)  # noqa: S608

    for path in ("/posts/p1", "/posts/p1/comments"):
        first, second = document(query.get(path))["comments"]
        assert (first["status"], first["content"]) == ("pending", None)
        assert second["content"] == "Well said"


@pytest.mark.parametrize("column", ["data", "attributes"])
@pytest.mark.parametrize("text", [b'{"id":', BAD_UTF8], ids=["cut", "bad UTF-8"])
def test_a_damaged_event_is_left_out_of_the_feed_and_goes_with_its_post(
    tmp_path: Path, column: str, text: bytes
) -> None:
    files = Files(tmp_path)
    blog = Blog(files)
    first, second = (blog.write_post(title=title)["id"] for title in ("first", "second"))
    where = f"UPDATE outbox SET {column} = CAST(? AS TEXT) WHERE partition_key = '{first}'"  # noqa: S608
    damage(files, "posts", where, text)

    assert [one["subject"] for one in blog.events()] == [second]
    blog.delete(first)
    assert [one["type"] for one in blog.events()] == ["PostCreated", "PostDeleted"]
    blog.settle()
    assert [post["id"] for post in read_model(blog.functions["query"])["list"]] == [second]
