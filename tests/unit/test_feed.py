"""The feed: the whole history, page by page, and nothing twice."""

import json
from contextlib import closing

import pytest
from werkzeug.datastructures import Headers

from eventing import feed, outbox
from eventing.call import Call
from eventing.cause import Cause
from eventing.cloudevent import STRUCTURED, CloudEvent, read_event
from eventing.cursor import decode_position
from eventing.database import Database
from eventing.history import History
from eventing.problem import BadRequest, Invalid
from tests.databases import of_every_kind
from tests.postgres import Postgres
from tests.unit.outboxes import append, event

new_databases = of_every_kind


def call(**query: str) -> Call:
    return Call("GET", "/events", Headers(), query, Cause("c"), b"")


def read_page(database: Database, after: int = 0, limit: int = 500) -> tuple[list[CloudEvent], int]:
    """The events of a page and the position after it."""
    with database.snapshot() as tx:
        page = feed.read_page(tx, after, limit)
    return events_of(page.batch), decode_position(page.next)


def events_of(batch: str) -> list[CloudEvent]:
    """The events of a batch, each as if it had come alone."""
    return [
        read_event({"content-type": STRUCTURED}, json.dumps(member, ensure_ascii=False).encode())
        for member in json.loads(batch)
    ]


def ids(events: list[CloudEvent]) -> list[str]:
    return [one.id for one in events]


def test_the_history_is_read_in_the_order_of_its_commits(database: Database) -> None:
    append(database, "b1", "a1")
    append(database, "b2")

    events, _ = read_page(database)

    assert ids(events) == ["b1", "a1", "b2"]
    assert json.loads(events[0].data) == json.loads(event("b1").data)
    assert events[0].attributes() == event("b1").attributes()


def test_pages_follow_on_one_another(database: Database) -> None:
    every = [f"a{number}" for number in range(7)]
    append(database, *every)
    read, after = [], 0

    for size in (3, 3, 1, 0):
        events, after = read_page(database, after, 3)
        assert len(events) == size
        read += ids(events)

    assert read == every


def test_an_empty_page_leads_on_to_what_comes_later(database: Database) -> None:
    append(database, "a1")
    _, after = read_page(database)
    events, still = read_page(database, after)
    assert (events, still) == ([], after)

    append(database, "a2")

    assert ids(read_page(database, still)[0]) == ["a2"]


def test_what_is_not_committed_is_not_shown(database: Database) -> None:
    with database.transaction() as tx:
        outbox.append(tx, event("a1"), entity="a")
        assert read_page(database) == ([], 0)

    assert ids(read_page(database)[0]) == ["a1"]


def test_nobody_passes_a_position_that_is_committed_later(postgres: Postgres) -> None:
    """On SQLite no second transaction writes while one is open."""
    with postgres.database() as url, closing(Database(url, [outbox.MIGRATIONS])) as database:
        append(database, "a1")
        with database.transaction() as tx:
            outbox.append(tx, event("b1"), entity="b")
            append(database, "c1")
            events, after = read_page(database)
            assert ids(events) == ["a1"]

        assert ids(read_page(database, after)[0]) == ["b1", "c1"]


def test_published_events_and_replies_stay_in_the_history(database: Database) -> None:
    append(database, "a1")
    with database.transaction() as tx:
        outbox.append_reply(tx, event("b1"), entity="b")
        outbox.mark_published(tx, [leased.position for leased in outbox.lease(tx, 0, 1)])

    assert ids(read_page(database)[0]) == ["a1", "b1"]


def test_a_page_is_a_batch_whose_link_leads_to_the_next(database: Database) -> None:
    append(database, "a1", "a2")
    history = History(database)

    first = history.page(call(limit="1"))
    link = first.headers["Link"]
    after = link.partition("after=")[2].partition("&")[0]
    second = history.page(call(limit="1", after=after))

    assert first.content_type == "application/cloudevents-batch+json"
    assert link.startswith(f"</events?after={after}&limit=1&history=")
    assert ids(events_of(first.body)) == ["a1"]
    assert ids(events_of(second.body)) == ["a2"]


def test_the_history_of_a_function_that_emitted_nothing_is_an_empty_page(
    database: Database,
) -> None:
    page = History(database).page(call())

    assert (page.status, page.body) == (200, "[]")
    assert 'rel="next"' in page.headers["Link"]


@pytest.mark.parametrize("after", ["", "x", "-1", "0", "WzFd0"])
def test_a_position_that_was_not_given_out_is_refused(database: Database, after: str) -> None:
    with pytest.raises(BadRequest):
        History(database).page(call(after=after))


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1.0", "", "x", "\u0661", "9" * 5000])
def test_a_limit_out_of_bounds_is_refused(database: Database, limit: str) -> None:
    with pytest.raises(Invalid, match="content is wrong"):
        History(database).page(call(limit=limit))
