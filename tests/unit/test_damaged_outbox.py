"""An event that a damaged disk left unreadable in the outbox, and the events beside it."""

import pytest

from eventing import outbox
from eventing.database import Database
from eventing.relay import Relay
from tests.unit.outboxes import append, waiting
from tests.waiting import until

DAMAGED = ['{"id":', '{"specversion":"1.0"}', "[]"]


@pytest.mark.parametrize("text", DAMAGED)
def test_it_stays_and_holds_up_its_own_entity_alone(database: Database, text: str) -> None:
    append(database, "a1", "a2", "b1", "c1", "b2")
    with database.transaction() as tx:
        tx.execute("UPDATE outbox SET attributes = ? WHERE id = 'a1'", text)
    published: list[str] = []
    relay = Relay(database, lambda event: published.append(event.id))

    relay.start()
    until(lambda: len(published) == 3 and waiting(database) == 2)
    append(database, "c2")
    relay.wake()
    until(lambda: waiting(database) == 2)

    relay.stop()
    assert sorted(published) == ["b1", "b2", "c1", "c2"]


def test_it_is_published_once_it_is_mended(database: Database) -> None:
    append(database, "a1", "a2")
    with database.transaction() as tx:
        sound = tx.rows("SELECT data FROM outbox WHERE id = 'a1'")[0]["data"]
        tx.execute("UPDATE outbox SET data = '{' WHERE id = 'a1'")
        assert outbox.lease(tx, 0, 9) == []
    with database.transaction() as tx:
        tx.execute("UPDATE outbox SET data = ? WHERE id = 'a1'", sound)
        assert [one.event.id for one in outbox.lease(tx, outbox.LEASE, 9)] == ["a1"]
