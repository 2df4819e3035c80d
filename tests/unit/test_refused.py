"""Refused events: noted, listed, tried again, given up, and blanked with their partition."""

from eventing import feed, outbox, refused
from eventing.database import Database, Row
from eventing.refused import Refusal, State
from tests.unit.outboxes import append, event, waiting

AT = "2026-01-31T12:00:00.000000Z"
NOW = 1_000_000  # milliseconds


def refuse(database: Database, *event_ids: str, said: str = "too large", now: int = NOW) -> None:
    with database.transaction() as tx:
        for leased in outbox.lease(tx, now, 100):
            if leased.event.id in event_ids:
                refused.note(tx, leased, Refusal(413, said, AT), now)


def listed(database: Database, state: State = "waiting") -> list[str]:
    with database.snapshot() as tx:
        return [row["id"] for row in refused.page(tx, state, 0, 100)]


def discard(database: Database, event_id: str) -> bool:
    with database.transaction() as tx:
        return refused.discard(tx, event_id, "a reason", AT)


def found(database: Database, event_id: str) -> Row:
    with database.snapshot() as tx:
        row = refused.find(tx, event_id)
    assert row is not None
    return row


def leased(database: Database, now: int = NOW) -> list[str]:
    with database.transaction() as tx:
        return [one.event.id for one in outbox.lease(tx, now, 100)]


def test_a_refusal_is_noted_and_counted(database: Database) -> None:
    append(database, "a1", "a2", "b1")
    refuse(database, "a1")
    refuse(database, "a1", said="still too large", now=NOW + 30_000)

    row = found(database, "a1")

    assert (row["status"], row["said"], row["refusals"]) == (413, "still too large", 2)
    with database.snapshot() as tx:
        assert refused.waiting_behind(tx, row) == 1
        assert refused.count(tx) == 1
    assert listed(database) == ["a1"]


def test_pages_go_on_after_a_position(database: Database) -> None:
    append(database, "a1", "b1", "c1")
    refuse(database, "a1", "b1", "c1")

    with database.snapshot() as tx:
        [first] = refused.page(tx, "waiting", 0, 1)
        rest = refused.page(tx, "waiting", first["position"], 9)

    assert [first["id"], *(row["id"] for row in rest)] == ["a1", "b1", "c1"]


def test_what_another_relay_has_published_is_not_refused(database: Database) -> None:
    append(database, "a1")
    with database.transaction() as tx:
        [late] = outbox.lease(tx, NOW, 1)
        outbox.mark_published(tx, [late.position])
        refused.note(tx, late, Refusal(413, "", AT), NOW)

    assert listed(database) == []


def test_only_a_refused_event_can_be_tried_again_or_given_up(database: Database) -> None:
    append(database, "a1", "b1")
    refuse(database, "a1")

    with database.transaction() as tx:
        assert not refused.retry(tx, "b1")
        assert not refused.retry(tx, "c1")
    assert not discard(database, "b1")
    assert leased(database) == []
    with database.transaction() as tx:
        assert refused.retry(tx, "a1")
    assert leased(database) == ["a1"]


def test_what_is_given_up_lets_later_events_go_and_stays_in_the_history(
    database: Database,
) -> None:
    append(database, "a1", "a2")
    refuse(database, "a1")

    assert discard(database, "a1")
    assert not discard(database, "a1")

    assert leased(database) == ["a2"]
    assert (listed(database), listed(database, "discarded")) == ([], ["a1"])
    row = found(database, "a1")
    assert (row["discarded"], row["discarded_at"]) == ("a reason", AT)
    with database.snapshot() as tx:
        assert '"id":"a1"' in feed.read_page(tx, 0, 10).batch
        assert waiting(database) == 1


def test_an_event_that_is_blanked_is_tried_as_it_is_now_and_no_words_about_it_stay(
    database: Database,
) -> None:
    """Its data may have been too large, or what the broker could not bear."""
    with database.transaction() as tx:
        outbox.append(tx, event("a1", "p1"), entity="a")
        outbox.append(tx, event("b1", "p1"), entity="b")
        outbox.append(tx, event("c1", "p2"), entity="c")
    refuse(database, "a1", "b1", "c1", said="secret")
    assert discard(database, "b1")

    with database.transaction() as tx:
        outbox.rewrite(tx, "p1", lambda data: {**data, "text": ""})

    assert leased(database) == ["a1"]
    assert [found(database, each)["said"] for each in ("a1", "b1", "c1")] == ["", "", "secret"]
    assert found(database, "b1")["discarded"] == ""
    assert listed(database, "discarded") == ["b1"]


def test_retrying_all_leaves_alone_what_is_under_way(database: Database) -> None:
    append(database, "a1", "b1")
    refuse(database, "a1", "b1")
    with database.transaction() as tx:
        assert refused.retry(tx, "a1")
    assert leased(database) == ["a1"]

    with database.transaction() as tx:
        refused.retry_all(tx, NOW)

    assert leased(database) == ["b1"]
