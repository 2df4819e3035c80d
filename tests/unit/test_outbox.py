"""The outbox: what is committed with the state leaves once, in order, and stays as history."""

import json
import sqlite3
import time

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventing import outbox, publisher
from eventing.cloudevent import CloudEvent
from eventing.database import Database
from tests.databases import of_every_kind
from tests.unit.outboxes import append, event, waiting

new_databases = of_every_kind

NOW = 1_000_000  # milliseconds


def lease(database: Database, now: int = NOW, limit: int = 10) -> list[str]:
    """Take what is due; the ids."""
    with database.transaction() as tx:
        return [leased.event.id for leased in outbox.lease(tx, now, limit)]


def mark_published(database: Database, event_id: str) -> None:
    with database.transaction() as tx:
        row = tx.row("SELECT position FROM outbox WHERE id = ?", event_id)
        outbox.mark_published(tx, [row["position"]] if row else [])


@pytest.fixture
def leased(database: Database) -> outbox.Leased:
    """The event `a1`, leased just now."""
    append(database, "a1")
    with database.transaction() as tx:
        return outbox.lease(tx, NOW, 1)[0]


def test_an_event_is_kept_as_it_was(database: Database) -> None:
    append(database, "a1")

    with database.snapshot() as tx:
        assert outbox.find(tx, "a1") == event("a1")
        assert outbox.find(tx, "a2") is None


def test_an_event_is_kept_only_with_the_change_it_tells_of(database: Database) -> None:
    def fail_after_appending() -> None:
        with database.transaction() as tx:
            outbox.append(tx, event("a1"), entity="a")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it is the one raised above
        fail_after_appending()
    assert waiting(database) == 0


def test_one_id_names_one_event(database: Database) -> None:
    append(database, "a1")

    with pytest.raises((sqlite3.IntegrityError, psycopg2.IntegrityError)):
        append(database, "a1")


def test_the_first_event_of_each_entity_is_leased_oldest_first(database: Database) -> None:
    append(database, "b1", "a1", "b2", "a2", "c1")

    assert lease(database) == ["b1", "a1", "c1"]


def test_no_more_is_leased_than_asked_for(database: Database) -> None:
    append(database, "a1", "b1", "c1")

    assert lease(database, limit=2) == ["a1", "b1"]
    assert lease(database, limit=2) == ["c1"]


def test_a_leased_event_is_not_leased_again_until_the_lease_has_run_out(
    database: Database,
) -> None:
    append(database, "a1", "a2")
    assert lease(database) == ["a1"]

    assert lease(database, NOW + outbox.LEASE - 1) == []
    assert lease(database, NOW + outbox.LEASE) == ["a1"]


def test_a_lease_that_is_renewed_lasts_on(database: Database, leased: outbox.Leased) -> None:
    with database.transaction() as tx:
        outbox.renew(tx, [leased], NOW + outbox.RENEWAL)

    assert lease(database, NOW + outbox.LEASE) == []
    assert lease(database, NOW + outbox.RENEWAL + outbox.LEASE) == ["a1"]


def test_a_lease_is_another_relays_once_it_has_run_out(
    database: Database, leased: outbox.Leased
) -> None:
    later = NOW + outbox.LEASE
    assert lease(database, later) == ["a1"]

    with database.transaction() as tx:
        outbox.renew(tx, [leased], later + outbox.LEASE)
        outbox.give_back(tx, leased, 0)

    assert lease(database, later + outbox.LEASE - 1) == []
    assert lease(database, later + outbox.LEASE) == ["a1"]


def test_a_publisher_waits_until_a_subscriber_is_given_up_but_not_for_minutes() -> None:
    """A broker that answers after its deliveries: six attempts of 10 s, and the pauses between."""
    assert 6 * 10 + 15.5 < publisher.ANSWER_TIMEOUT <= 100


def test_the_next_event_of_an_entity_follows_when_the_first_is_published(
    database: Database,
) -> None:
    append(database, "a1", "a2")
    lease(database)
    mark_published(database, "a1")

    assert lease(database) == ["a2"]
    assert waiting(database) == 1


def test_an_event_given_back_is_due_when_that_was_said(
    database: Database, leased: outbox.Leased
) -> None:
    with database.transaction() as tx:
        outbox.give_back(tx, leased, NOW + 500)

    with database.snapshot() as tx:
        assert outbox.next_due(tx, NOW) == NOW + 500
        assert outbox.next_due(tx, NOW + 500) is None
    assert lease(database, NOW + 499) == []
    with database.transaction() as tx:
        assert [again.attempts for again in outbox.lease(tx, NOW + 500, 1)] == [2]


def test_what_another_relay_has_published_cannot_be_given_back(
    database: Database, leased: outbox.Leased
) -> None:
    mark_published(database, "a1")

    with database.transaction() as tx:
        outbox.give_back(tx, leased, 0)

    assert lease(database, NOW + outbox.LEASE) == []


def test_leases_can_be_ended_at_once(database: Database, leased: outbox.Leased) -> None:
    with database.transaction() as tx:
        outbox.end_all_leases(tx)

    assert lease(database) == [leased.event.id]


BACKOFF = {1: 500, 2: 1000, 3: 2000, 4: 4000, 5: 5000, 1000: 5000}


@pytest.mark.parametrize(("attempts", "milliseconds"), BACKOFF.items())
def test_backoff_doubles_up_to_a_bound(attempts: int, milliseconds: int) -> None:
    assert outbox.backoff(attempts) == milliseconds


REFUSED = {1: 30_000, 2: 60_000, 5: 480_000, 6: 600_000, 1000: 600_000}


@pytest.mark.parametrize(("refusals", "milliseconds"), REFUSED.items())
def test_a_refused_event_is_tried_again_after_long_pauses(refusals: int, milliseconds: int) -> None:
    assert outbox.refused_pause(refusals) == milliseconds


def test_a_moment_that_only_a_clock_ahead_can_have_written_counts_as_now(
    database: Database, leased: outbox.Leased
) -> None:
    with database.transaction() as tx:
        outbox.give_back(tx, leased, NOW + outbox.LONGEST_WAIT)
    assert lease(database) == []

    with database.transaction() as tx:
        outbox.give_back(tx, leased, NOW + outbox.LONGEST_WAIT + 1)
    assert lease(database) == ["a1"]


def test_of_a_refused_event_a_later_moment_may_be_right(
    database: Database, leased: outbox.Leased
) -> None:
    with database.transaction() as tx:
        tx.execute("UPDATE outbox SET refusals = 1")
        outbox.give_back(tx, leased, NOW + outbox.LAST_REFUSED)
    assert lease(database) == []

    assert lease(database, NOW - outbox.LONGEST_WAIT - 1) == ["a1"]


def test_the_database_tells_the_time(database: Database) -> None:
    with database.snapshot() as tx:
        assert abs(outbox.read_clock(tx) - time.time_ns() // 1_000_000) < 10_000


def test_a_broker_is_probed_with_an_event_that_was_never_tried(database: Database) -> None:
    append(database, "a1", "b1")
    assert lease(database, limit=1) == ["a1"]
    later = NOW + outbox.LEASE

    with database.transaction() as tx:
        assert [one.event.id for one in outbox.lease_probe(tx, later)] == ["b1"]
        assert [one.event.id for one in outbox.lease_probe(tx, later)] == ["a1"]
        assert outbox.lease_probe(tx, later) == []


def test_a_reply_is_history_and_never_leased(database: Database) -> None:
    with database.transaction() as tx:
        assert outbox.append_reply(tx, event("a1"), entity="a") == event("a1")

    assert lease(database) == []
    with database.snapshot() as tx:
        assert outbox.find(tx, "a1") == event("a1")


def test_a_reply_given_before_is_given_again(database: Database) -> None:
    second = event("a1").with_extensions(correlationid="c-2")
    with database.transaction() as tx:
        outbox.append_reply(tx, event("a1"), entity="a")
        assert outbox.append_reply(tx, second, entity="a") == event("a1")


def test_the_data_of_a_partition_is_rewritten_and_no_other(database: Database) -> None:
    with database.transaction() as tx:
        outbox.append(tx, event("a1", "p1"), entity="a")
        outbox.append(tx, event("b1", "p1"), entity="b")
        outbox.append(tx, event("c1", "p2"), entity="c")

    with database.transaction() as tx:
        outbox.rewrite(tx, "p1", lambda data: {**data, "text": ""})

    with database.snapshot() as tx:
        kept = [outbox.find(tx, event_id) for event_id in ("a1", "b1", "c1")]
    texts = [json.loads(found.data)["text"] for found in kept if found]
    assert texts == ["", "", "é\U0001f600"]


@given(
    st.dictionaries(
        st.from_regex("x[a-z0-9]{0,9}", fullmatch=True), st.text(st.characters(codec="utf-8"))
    ),
    st.text(st.characters(codec="utf-8"), min_size=1),
)
def test_whatever_an_event_says_comes_back_from_its_row(
    extensions: dict[str, str], text: str
) -> None:
    sent = CloudEvent(
        id=text, source="/s", type="T", subject=text, data=b"[]", extensions=extensions
    )

    assert outbox.to_event(json.dumps(sent.attributes()), "[]") == sent
