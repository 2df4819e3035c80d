"""Events for an outbox, as tests write them: changes when the outbox's tests do."""

from collections.abc import Iterable

from eventing import outbox
from eventing.cloudevent import CloudEvent
from eventing.database import Database


def event(event_id: str, partition: str = "p1") -> CloudEvent:
    """An event with JSON data and some of everything else."""
    return CloudEvent(
        id=event_id,
        source="/notes",
        type="NoteWritten",
        subject=event_id,
        time="2026-01-31T12:00:00.000000Z",
        datacontenttype="application/json",
        data=f'{{"id":"{event_id}","text":"é\U0001f600"}}'.encode(),
        extensions={"partitionkey": partition, "correlationid": "c-1"},
    )


def append(database: Database, *event_ids: str) -> None:
    """Commit events; the letters of an id name its entity, as in `a1`, `a2`, `b1`."""
    with database.transaction() as tx:
        for event_id in event_ids:
            outbox.append(tx, event(event_id), entity=entity_of(event_id))


def entity_of(event_id: str) -> str:
    """The entity that an event is about."""
    return event_id.rstrip("0123456789")


def in_order(event_ids: Iterable[str]) -> dict[str, list[int]]:
    """The numbers of the events of each entity, in the order given."""
    order: dict[str, list[int]] = {}
    for event_id in event_ids:
        entity = entity_of(event_id)
        order.setdefault(entity, []).append(int(event_id.removeprefix(entity)))
    return order


def waiting(database: Database) -> int:
    """How many events the broker does not have yet."""
    with database.snapshot() as tx:
        return outbox.waiting(tx)
