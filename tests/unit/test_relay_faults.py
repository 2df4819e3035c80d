"""The relay among faults: refused and slow events, a broker that is away, clocks that jump."""

import pytest

from eventing import outbox, refused
from eventing.database import Database
from eventing.outbox import LAST_REFUSED
from eventing.publisher import EventRefused, PublishFailed
from eventing.relay import Relay
from tests.unit.outboxes import append, in_order, waiting
from tests.unit.relaying import Broker, Clock, due_at, step_until

DAY = 86_400_000  # milliseconds


def refusal(status: int = 413) -> EventRefused:
    return EventRefused("http://broker/", status, "too large")


def refusals(database: Database, event_id: str) -> int:
    with database.snapshot() as tx:
        row = tx.row("SELECT refusals FROM outbox WHERE id = ?", event_id)
        return int(row["refusals"]) if row else -1


def refuse(relay: Relay, database: Database, event_id: str) -> None:
    """Drive the relay until the event, the first of its entity, has been refused once."""
    step_until(relay, lambda: refusals(database, event_id) == 1)


@pytest.mark.parametrize("failure", [refusal(), PublishFailed("500")])
def test_one_event_that_fails_and_one_that_is_slow_hold_up_no_other(
    database: Database, broker: Broker, clock: Clock, failure: PublishFailed
) -> None:
    broker.hold("s1")
    broker.failures["x1"] = [failure] * 100
    relay = Relay(database, broker.publish, clock=clock.shared())
    append(database, "s1", "x1")
    step_until(relay, lambda: "x1" in broker.attempts and due_at(database, "x1") > clock.now)

    for entity in "abcde":
        append(database, f"{entity}1", f"{entity}2")
        step_until(relay, lambda: waiting(database) == 2)  # no time passes
    assert all(order == [1, 2] for order in in_order(broker.taken).values())

    broker.let_go("s1")
    step_until(relay, lambda: waiting(database) == 1)


def test_a_refused_event_holds_up_its_own_entity_until_it_is_taken(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1", "a2", "b1", "a3")
    broker.failures["a1"] = [refusal()] * 2
    relay = Relay(database, broker.publish, clock=clock.shared())

    refuse(relay, database, "a1")
    step_until(relay, lambda: waiting(database) == 3)
    assert broker.taken == ["b1"]
    assert due_at(database, "a1") == clock.now + 30_000
    clock.now += 29_999
    assert [relay.step() for _ in range(3)] == [0, 0, 0]
    clock.now += 1
    step_until(relay, lambda: refusals(database, "a1") == 2)
    assert due_at(database, "a1") == clock.now + 60_000

    clock.now += 60_000
    step_until(relay, lambda: waiting(database) == 0)
    assert broker.taken == ["b1", "a1", "a2", "a3"]
    assert refusals(database, "a1") == 0


def test_a_refusal_is_an_answer_so_the_broker_is_not_probed(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1")
    broker.failures["a1"] = [refusal()]
    relay = Relay(database, broker.publish, clock=clock.shared())
    refuse(relay, database, "a1")

    append(database, "b1", "c1", "d1")
    assert relay.step() == 3


def test_once_a_refused_event_is_taken_all_others_are_tried_at_once(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1", "b1", "c1")
    for event_id in ("a1", "b1", "c1"):
        broker.failures[event_id] = [refusal(403)]
    relay = Relay(database, broker.publish, clock=clock.shared())
    step_until(relay, lambda: all(refusals(database, each) == 1 for each in ("a1", "b1", "c1")))
    with database.transaction() as tx:
        assert refused.retry(tx, "b1")

    step_until(relay, lambda: waiting(database) == 0)


def test_a_start_tries_again_what_was_refused(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1", "a2")
    broker.failures["a1"] = [refusal()]
    refuse(Relay(database, broker.publish, clock=clock.shared()), database, "a1")

    second = Relay(database, broker.publish, clock=clock.shared())
    second.start()
    second.stop()

    assert broker.taken == ["a1", "a2"]


def test_what_was_given_up_is_history_and_holds_up_nothing(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1", "a2")
    broker.failures["a1"] = [refusal()]
    relay = Relay(database, broker.publish, clock=clock.shared())
    refuse(relay, database, "a1")

    with database.transaction() as tx:
        assert refused.discard(tx, "a1", "too large", "2026-01-31T12:00:00.000000Z")
        assert not outbox.publish_again(tx, "a1")
    step_until(relay, lambda: waiting(database) == 0)

    assert broker.taken == ["a2"]
    assert broker.attempts.count("a1") == 1


def test_after_an_outage_everything_leaves_within_seconds(
    database: Database, broker: Broker, clock: Clock
) -> None:
    broker.away = True
    relay = Relay(database, broker.publish, clock=clock.shared())
    entities = [f"{letter}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    append(database, *(f"{entity}{number}" for entity in entities for number in (1, 2, 3)))
    for _ in range(600):  # a minute
        step_until(relay, lambda: not relay.under_way)
        clock.now += 100

    broker.away, back = False, clock.now

    def all_out() -> bool:
        if not relay.under_way:
            clock.now += 10
        return waiting(database) == 0

    step_until(relay, all_out)
    assert clock.now - back <= 8_000
    assert all(order == [1, 2, 3] for order in in_order(broker.taken).values())


@pytest.mark.parametrize("jump", [-DAY, -3_600_000, 3_600_000, 40 * DAY])
def test_no_event_waits_longer_because_the_clock_was_wrong(
    database: Database, broker: Broker, clock: Clock, jump: int
) -> None:
    """It was for two seconds, in which one event failed; another's relay was killed just then."""
    append(database, "a1", "b1")
    clock.ahead = jump
    with database.transaction() as tx:
        assert outbox.lease(tx, clock.now + clock.ahead, 1)
    broker.failures["b1"] = [PublishFailed("500")]
    relay = Relay(database, broker.publish, clock=clock.shared())
    step_until(relay, lambda: "b1" in broker.attempts and not relay.under_way)

    clock.now += 2_000
    clock.ahead, right = 0, clock.now
    append(database, "c1")

    def all_out() -> bool:
        if not relay.under_way:
            clock.now += 100
        return waiting(database) == 0

    step_until(relay, all_out)
    assert clock.now <= right + outbox.LONGEST_WAIT


@pytest.mark.parametrize("jump", [-DAY, -10_000, 10_000, DAY])
def test_a_jump_of_the_clock_publishes_nothing_twice(
    database: Database, broker: Broker, clock: Clock, jump: int
) -> None:
    append(database, "a1", "b1")
    broker.hold("a1")
    relay = Relay(database, broker.publish, clock=clock.shared())
    step_until(relay, lambda: broker.taken == ["b1"])

    clock.now += 1_000
    clock.ahead = jump
    for _ in range(40):
        relay.step()
        clock.now += 1_000

    broker.let_go("a1")
    step_until(relay, lambda: waiting(database) == 0)
    assert sorted(broker.attempts) == ["a1", "b1"]


def test_a_refused_event_does_not_wait_longer_because_the_clock_was_ahead(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1")
    broker.failures["a1"] = [refusal()] * 2
    relay = Relay(database, broker.publish, clock=clock.shared())
    clock.ahead = 40 * DAY
    refuse(relay, database, "a1")
    clock.ahead = 0
    clock.now += 2_000

    step_until(relay, lambda: refusals(database, "a1") == 2)
    assert due_at(database, "a1") <= clock.now + LAST_REFUSED
