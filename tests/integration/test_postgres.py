"""PostgreSQL as a function's database: it goes and comes back, and nothing is started again."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from werkzeug.test import Client, TestResponse

from eventing import outbox
from eventing.cloudevent import CloudEvent
from eventing.database import POOL_SIZE, Database, StorageUnavailable
from eventing.relay import Relay
from tests.databases import Databases
from tests.integration.blog import (
    client,
    comment_data,
    created,
    document,
    event,
    history,
    post_data,
    send,
)
from tests.postgres import Postgres
from tests.unit.outboxes import append, waiting
from tests.waiting import until

pytestmark = pytest.mark.parametrize("new_databases", ["postgres"], indirect=True)


def write(posts: Client) -> TestResponse:
    return posts.post("/posts", json={"title": "One"})


def is_told_to_come_back(answer: TestResponse) -> bool:
    return (
        answer.status_code == 503
        and answer.headers["Retry-After"] == "1"
        and answer.content_type == "application/problem+json"
        and "function" not in answer.text  # neither where the database is nor whose
    )


def test_requests_and_events_are_told_to_come_back_and_are_served_when_it_is_back(
    databases: Databases, postgres: Postgres
) -> None:
    posts, query, moderation = (
        client(name, databases) for name in ("posts", "query", "moderation")
    )
    kept = created(write(posts))
    told = event("PostCreated", post_data())
    send(query, told)
    judged = send(moderation, event("CommentCreated", comment_data()))

    with postgres.away():
        assert is_told_to_come_back(write(posts))
        assert is_told_to_come_back(posts.get("/events"))
        assert is_told_to_come_back(query.get("/posts"))
        assert is_told_to_come_back(send(query, told))
        assert is_told_to_come_back(send(moderation, event("CommentCreated", comment_data())))
        assert posts.get("/healthz").status_code == 200

    late = created(write(posts))
    assert [one["data"]["id"] for one in history(posts)] == [kept["id"], late["id"]]
    assert len(document(query.get("/posts"))["posts"]) == 1
    assert send(query, told).status_code == 202
    assert send(moderation, event("CommentCreated", comment_data())).data == judged.data


def test_a_function_that_starts_while_it_is_away_serves_when_it_is_there(
    databases: Databases, postgres: Postgres
) -> None:
    databases.url("posts")
    with postgres.away():
        posts = client("posts", databases)
        assert is_told_to_come_back(write(posts))

    created(write(posts))


@pytest.fixture
def wide(databases: Databases) -> Iterator[Database]:
    """A database to which a whole pool of connections is open."""
    database = Database(databases.url("function"), [outbox.MIGRATIONS])
    everybody = threading.Barrier(POOL_SIZE)

    def use(_: int) -> None:
        with database.snapshot():
            everybody.wait(30)

    with ThreadPoolExecutor(POOL_SIZE) as threads:
        list(threads.map(use, range(POOL_SIZE)))
    yield database
    database.close()


def test_one_failure_shows_that_every_connection_of_the_pool_is_dead(
    wide: Database, postgres: Postgres
) -> None:
    with postgres.away():
        pass

    with pytest.raises(StorageUnavailable):
        waiting(wide)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: waiting(wide), range(16))) == [0] * 16


def test_no_connection_is_lost_to_failures_however_many(wide: Database, postgres: Postgres) -> None:
    def fail(_: int) -> None:
        with pytest.raises(StorageUnavailable):
            waiting(wide)

    with postgres.away(), ThreadPoolExecutor(8) as threads:
        list(threads.map(fail, range(40)))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: waiting(wide), range(16))) == [0] * 16


def test_a_transaction_that_it_breaks_off_changes_nothing(
    wide: Database, postgres: Postgres
) -> None:
    def break_off() -> None:
        with wide.transaction() as tx:
            outbox.append(tx, CloudEvent(id="a1", source="/s", type="T"), entity="a")
            with postgres.away():
                pass

    with pytest.raises(StorageUnavailable):
        break_off()
    assert waiting(wide) == 0


def test_a_row_that_another_copy_never_lets_go_is_a_reason_to_come_back(
    wide: Database, databases: Databases, postgres: Postgres
) -> None:
    url = databases.url("function")
    postgres.run(f"ALTER ROLE {urlsplit(url).username} SET lock_timeout = 100")
    append(wide, "a1")
    with closing(Database(url, [])) as impatient, wide.transaction() as tx:
        tx.execute("UPDATE outbox SET due_at = due_at")
        with (
            pytest.raises(StorageUnavailable, match="lock timeout"),
            impatient.transaction() as late,
        ):
            late.execute("UPDATE outbox SET due_at = due_at")


def test_a_copy_that_freezes_with_rows_in_its_hands_loses_them_within_a_minute(
    wide: Database,
) -> None:
    with wide.transaction() as tx:
        limit = tx.row("SHOW idle_in_transaction_session_timeout")
    assert limit == {"idle_in_transaction_session_timeout": "1min"}


def test_the_relay_marks_what_was_published_meanwhile_and_goes_on(
    wide: Database, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    published: list[str] = []
    let_go, held = threading.Event(), threading.Event()

    def publish(one: CloudEvent) -> None:
        held.set()
        let_go.wait(30)
        published.append(one.id)

    append(wide, "a1", "a2")
    relay = Relay(wide, publish)
    relay.start()
    assert held.wait(30)
    with postgres.away():
        let_go.set()
        until(lambda: "outbox out of reach" in caplog.messages)
    until(lambda: published == ["a1", "a2"])
    relay.stop()

    assert waiting(wide) == 0
