"""The store of answers to reads: who is asked, what is kept and for how long, and what is said."""

import gzip
import struct
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.integration.ingress.door import IN_A_CLUSTER, ON_A_LAPTOP, Answer, Door
from tests.waiting import until

READS = [
    "/api/posts",
    "/api/posts?limit=2&cursor=c",
    "/api/posts/p1",
    "/api/posts/p1/comments",
    "/api/posts/p1/comments/c1",
    "/api/feed.xml",
]
NEW, FRESH, STALE, ASKED = (
    f"sleeping-blog; {how}" for how in ("fwd=uri-miss", "hit", "hit; detail=stale", "fwd=stale")
)


@pytest.fixture
def post(door: Door) -> str:
    """A post that no other test reads: a refresh of theirs may still be under way."""
    return f"/api/posts/{door.client}"


@pytest.fixture
def readers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as pool:
        yield pool


def early_in_a_second() -> None:
    """An answer is fresh until the clock's second ends; a test wants the most of that."""
    until(lambda: time.time() % 1 < 0.3)


def next_second() -> None:
    now = int(time.time())
    until(lambda: time.time() >= now + 1.02)


def known(door: Door, path: str) -> None:
    """The answer to `path` is kept, and a second old."""
    door.query.body = b"known"
    assert door.ask("GET", path).status == 200
    next_second()
    door.query.seen.clear()


def read(door: Door, path: str) -> Answer:
    return door.ask("GET", path)


@pytest.mark.parametrize("path", READS)
def test_within_a_second_the_function_is_asked_once(door: Door, path: str) -> None:
    early_in_a_second()
    answers = [read(door, path) for _ in range(5)]
    assert [answer.cache for answer in answers] == [NEW, *[FRESH] * 4]
    assert {answer.body for answer in answers} == {b"{}"}
    assert len(door.query.seen) == 1


def test_a_read_in_other_words_is_the_same_read(door: Door) -> None:
    early_in_a_second()
    for path in ("?limit=2&cursor=c", "?cursor=c&limit=2", "?x=1&limit=2&cursor=c&y"):
        read(door, f"/api/posts{path}")
    door.ask("HEAD", "/api/posts?cursor=c&limit=2")
    door.ask("GET", "/api//posts?limit=2&cursor=c", {"Host": "localhost:9", "Accept": "x/y"})
    assert [seen.path for seen in door.query.seen] == ["/posts?limit=2&cursor=c"]


def test_another_page_is_another_read(door: Door) -> None:
    for path in ("", "?limit=1", "?limit=2", "?cursor=limit=2", "?limit=1&cursor=c"):
        assert read(door, f"/api/posts{path}").cache == NEW


def test_head_is_answered_from_get_and_get_from_head(door: Door, post: str) -> None:
    early_in_a_second()
    door.query.body = b"twelve bytes"
    first = door.ask("HEAD", post)
    assert (first.cache, first.body, first.headers["Content-Length"]) == (NEW, b"", "12")
    assert (read(door, post).cache, read(door, post).body) == (FRESH, b"twelve bytes")
    assert door.ask("HEAD", post).headers["Content-Length"] == "12"


@IN_A_CLUSTER
def test_readers_get_the_known_answer_while_one_request_wakes_the_function(
    door: Door, post: str, readers: ThreadPoolExecutor
) -> None:
    known(door, post)
    door.query.sleep()
    answers = list(readers.map(lambda _: read(door, post), range(40)))
    assert {(answer.status, answer.body, answer.cache) for answer in answers} == {
        (200, b"known", STALE)
    }
    until(lambda: door.query.seen)
    door.query.body = b"news"
    door.query.wake()
    until(lambda: read(door, post).body == b"news")
    assert len(door.query.seen) <= 2  # a second may have ended meanwhile


@IN_A_CLUSTER
def test_the_next_request_in_a_connection_does_not_wait_for_the_refresh(
    door: Door, post: str
) -> None:
    known(door, f"{post}/comments")
    known(door, post)
    door.query.sleep()
    with closing(door.connection()) as connection:
        for path in (post, f"{post}/comments", post):
            began = time.monotonic()
            assert door.ask_over(connection, "GET", path).body == b"known"
            assert time.monotonic() - began < 0.8  # the function is given 1 s
    door.query.wake()


@ON_A_LAPTOP
def test_on_a_laptop_nothing_is_given_out_that_may_not_be_true_any_more(
    door: Door, post: str
) -> None:
    known(door, post)
    door.query.body = b"news"
    answer = read(door, post)
    assert (answer.body, answer.cache) == (b"news", ASKED)


def older(door: Door, seconds: int) -> None:
    """Make what is kept older: the second number in nginx's file is when it ceases to be fresh."""
    for file in door.kept():
        content = bytearray(file.read_bytes())
        (fresh_until,) = struct.unpack_from("q", content, 8)
        assert abs(fresh_until - time.time()) < 60
        struct.pack_into("q", content, 8, fresh_until - seconds)
        file.write_bytes(content)


@IN_A_CLUSTER
@pytest.mark.parametrize(("seconds", "said"), [(27, STALE), (31, ASKED)])
def test_an_answer_is_given_out_up_to_half_a_minute_longer(
    door: Door, post: str, seconds: int, said: str
) -> None:
    known(door, post)
    older(door, seconds)
    door.query.body = b"news"
    answer = read(door, post)
    assert (answer.cache, answer.body) == (said, b"known" if said == STALE else b"news")


@IN_A_CLUSTER
def test_a_404_takes_the_place_of_what_was_known(door: Door, post: str) -> None:
    known(door, post)
    door.query.status, door.query.body = 404, b"gone"
    assert read(door, post).status == 200  # the last reader to whom it is known
    until(lambda: read(door, post).status == 404)
    door.query.status = 500
    next_second()
    assert read(door, post).status == 500


def test_a_404_is_kept_for_a_second_at_most(door: Door, post: str) -> None:
    early_in_a_second()
    door.query.status = 404
    began = time.monotonic()
    assert [read(door, post).cache for _ in range(3)] == [NEW, FRESH, FRESH]
    door.query.status = 200
    until(lambda: read(door, post).status == 200)
    assert time.monotonic() - began < 1.3


def test_nobody_is_given_a_404_while_the_function_is_asked_again(
    door: Door, post: str, readers: ThreadPoolExecutor
) -> None:
    door.query.status = 404
    read(door, post)
    next_second()
    door.query.seen.clear()
    door.query.status = 200
    door.query.sleep()
    answers: list[Future[Answer]] = [readers.submit(read, door, post) for _ in range(5)]
    until(lambda: len(door.query.seen) == 5)  # each of them waits
    door.query.wake()
    assert [answer.result().status for answer in answers] == [200] * 5


@IN_A_CLUSTER
@pytest.mark.parametrize("status", [422, 503])
def test_no_other_failure_is_kept_and_none_takes_a_known_answers_place(
    door: Door, post: str, status: int
) -> None:
    known(door, post)
    door.query.status = status
    door.query.headers = {"Cache-Control": "max-age=60", "X-Accel-Expires": "60"}
    for asked in (1, 2):
        answer = read(door, post)
        assert (answer.status, answer.body, answer.cache) == (200, b"known", STALE)
        until(lambda: len(door.query.seen) >= asked)  # noqa: B023 - called at once
        next_second()
    assert [read(door, f"{post}x").status for _ in range(2)] == [status] * 2
    assert [seen.path for seen in door.query.seen[-2:]] == [f"{post[4:]}x"] * 2


def test_the_first_readers_of_an_answer_wait_for_one_request(
    door: Door, post: str, readers: ThreadPoolExecutor
) -> None:
    door.query.sleep()
    answers = [readers.submit(read, door, post) for _ in range(5)]
    until(lambda: door.query.seen)
    door.query.wake()
    assert [answer.result().status for answer in answers] == [200] * 5
    assert len(door.query.seen) == 1


def test_a_request_with_a_token_is_never_answered_from_what_is_kept_nor_kept(
    door: Door, post: str
) -> None:
    early_in_a_second()
    with_token = {"Authorization": "Bearer token"}
    assert door.ask("GET", post, with_token).cache == "sleeping-blog; fwd=bypass"
    assert door.kept() == []
    assert read(door, post).cache == NEW
    assert door.ask("GET", post, with_token).cache == "sleeping-blog; fwd=bypass"
    assert [seen.header("Authorization") for seen in door.query.seen] == [None] * 3


def test_a_command_is_never_answered_from_what_is_kept_nor_kept(door: Door, post: str) -> None:
    for method in ("PATCH", "DELETE", "PATCH"):
        assert door.ask(method, post).cache is None
    assert [seen.method for seen in door.posts.seen] == ["PATCH", "DELETE", "PATCH"]
    assert door.kept() == []


@IN_A_CLUSTER
def test_no_client_can_demand_that_a_function_is_woken(door: Door, post: str) -> None:
    known(door, post)
    for demand in ({"Cache-Control": "no-cache"}, {"Pragma": "no-cache"}):
        answer = door.ask("GET", post, demand)
        assert answer.cache in (STALE, FRESH)


@IN_A_CLUSTER
def test_a_reader_who_has_the_answer_is_told_so_from_what_is_kept(door: Door, post: str) -> None:
    early_in_a_second()
    door.query.headers = {"ETag": 'W/"7"'}
    for said in (NEW, FRESH, FRESH, STALE):
        if said == STALE:
            next_second()
        answer = door.ask("GET", post, {"If-None-Match": '"6", W/"7"'})
        assert (answer.status, answer.body, answer.cache) == (304, b"", said)
        assert answer.headers["ETag"] == 'W/"7"'
    assert door.ask("GET", post, {"If-None-Match": 'W/"6"'}).body == b"{}"
    with_token = {"If-None-Match": 'W/"7"', "Authorization": "Bearer token"}
    assert door.ask("GET", post, with_token).status == 304


def test_one_kept_answer_serves_who_takes_it_compressed_and_who_does_not(door: Door) -> None:
    early_in_a_second()
    body = b"[" + b" " * 5000 + b"]"
    door.query.body = body
    door.query.headers = {"Content-Type": "application/json", "ETag": 'W/"7"'}
    for said in (NEW, FRESH):
        answer = door.ask("GET", "/api/posts", {"Accept-Encoding": "gzip"})
        assert (answer.headers["Content-Encoding"], answer.cache) == ("gzip", said)
        assert gzip.decompress(answer.body) == body
        assert (answer.headers["ETag"], answer.headers["Vary"]) == ('W/"7"', "Accept-Encoding")
    plain = read(door, "/api/posts")
    assert (plain.body, plain.headers["Content-Encoding"], plain.cache) == (body, None, FRESH)
    assert len(door.query.seen) == 1


@IN_A_CLUSTER
def test_a_browser_is_told_to_ask_each_time_whatever_the_function_says(
    door: Door, post: str
) -> None:
    early_in_a_second()
    door.query.headers = {
        "Cache-Control": "public, max-age=600",
        "Expires": "Thu, 31 Dec 2099 00:00:00 GMT",
        "X-Correlation-Id": "of-who-asked-first",
    }
    for said in (NEW, FRESH):
        answer = read(door, post)
        assert answer.cache == said
        assert answer.headers.get_all("Cache-Control") == ["no-cache"]
        assert answer.headers["Expires"] is None
        assert answer.headers["X-Correlation-Id"] is None
    next_second()
    assert read(door, post).cache == STALE
