"""The relay: everything committed reaches the broker, in order, holding nothing."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from eventing import outbox, publisher
from eventing.cloudevent import CloudEvent
from eventing.database import Database, Transaction
from eventing.pace import CONCURRENCY, LONGEST_PAUSE
from eventing.publisher import PublishFailed
from eventing.publishers import FEW, LONG
from eventing.relay import GATHER, Relay
from tests.databases import Databases
from tests.unit.outboxes import append, in_order, waiting
from tests.unit.relaying import Broker, Clock, due_at, step_until
from tests.waiting import until

LONGEST_PUBLISHING = int(1000 * (publisher.CONNECT_TIMEOUT + publisher.ANSWER_TIMEOUT))
ENTITIES = [f"{first}{second}1" for first in "abcdef" for second in "abcdefghij"]


@pytest.fixture
def start(broker: Broker) -> Iterator[Callable[[Database], Relay]]:
    """Starts relays, and stops them at the end of the test."""
    started = []

    def start_one(database: Database) -> Relay:
        relay = Relay(database, broker.publish)
        started.append(relay)
        relay.start()
        return relay

    yield start_one
    broker.away = False
    broker.let_all_go()
    for relay in started:
        relay.stop()


def lease_all(database: Database, now: int) -> None:
    """What a relay does that is never heard of again."""
    with database.transaction() as tx:
        outbox.lease(tx, now, 1000)


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Only of a file is it known who else has it."""
    return tmp_path / "function.db"


def open_file(file: Path) -> Database:
    """The database in the file as each process of the function has its own."""
    return Database(f"sqlite:///{file}", [outbox.MIGRATIONS])


@pytest.fixture
def again(database: Database, databases: Databases) -> Iterator[Database]:  # noqa: ARG001 - first
    """The same database as another process of the function has it."""
    again = Database(databases.url("function"), [outbox.MIGRATIONS])
    yield again
    again.close()


def test_events_of_one_entity_are_published_in_order_failures_or_not(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1", "b1", "a2", "a3", "b2")
    broker.failures = {"a1": [PublishFailed("500")], "a2": [PublishFailed("500")] * 3}
    relay = Relay(database, broker.publish, clock=clock.shared())

    def all_published() -> bool:
        clock.now += 100
        return waiting(database) == 0

    step_until(relay, all_published)

    assert in_order(broker.taken) == {"a": [1, 2, 3], "b": [1, 2]}
    assert broker.attempts.count("a2") == 4


def test_an_entity_that_waits_for_an_answer_holds_up_no_other(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1", "a2", "b1", "b2", "c1")
    broker.hold("a1")
    relay = Relay(database, broker.publish, clock=clock.shared())

    step_until(relay, lambda: waiting(database) == 2)
    assert in_order(broker.taken) == {"b": [1, 2], "c": [1]}
    assert "a2" not in broker.attempts

    broker.let_go("a1")
    step_until(relay, lambda: waiting(database) == 0)
    assert in_order(broker.taken)["a"] == [1, 2]


def test_many_entities_are_published_at_once_where_the_broker_is_slow(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, *ENTITIES)
    for event_id in ENTITIES:
        broker.hold(event_id)
    relay = Relay(database, broker.publish, clock=clock.shared())

    step_until(relay, lambda: len(broker.attempts) == FEW)
    clock.now += LONG
    step_until(relay, lambda: len(broker.attempts) == 2 * FEW)
    clock.now += CONCURRENCY * LONG

    def every_thread_waits_long() -> bool:
        clock.now += LONG
        return len(broker.attempts) == CONCURRENCY

    step_until(relay, every_thread_waits_long)
    assert relay.step() == 0  # and no more than that

    broker.let_all_go()
    step_until(relay, lambda: waiting(database) == 0)


def test_nothing_is_held_while_an_event_is_published(databases: Databases, broker: Broker) -> None:
    """The default broker answers after the whole chain, which may end in this very database."""
    narrow = Database(databases.url("x"), [outbox.MIGRATIONS], pool_size=1)
    append(narrow, "a1", "b1")

    def publish(event: CloudEvent) -> None:
        if event.id == "a1":
            append(narrow, "c1")
        broker.publish(event)

    relay = Relay(narrow, publish)
    relay.start()
    until(lambda: broker.taken, within=5)
    relay.wake()
    until(lambda: waiting(narrow) == 0)
    relay.stop()

    assert sorted(broker.taken) == ["a1", "b1", "c1"]


def test_two_relays_publish_each_event_once(
    database: Database, again: Database, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    every = [f"{entity}{number}" for number in range(1, 7) for entity in "abcdefgh"]
    append(database, *every)

    start(database)
    start(again)
    until(lambda: waiting(database) == 0)

    assert sorted(broker.taken) == sorted(every)
    assert all(order == [1, 2, 3, 4, 5, 6] for order in in_order(broker.taken).values())


def test_an_event_whose_relay_is_gone_is_published_when_the_lease_has_run_out(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1", "a2")
    lease_all(database, clock.now)
    relay = Relay(database, broker.publish, clock=clock.shared())

    clock.now += outbox.LEASE - 1
    assert relay.step() == 0

    clock.now += 1
    step_until(relay, lambda: waiting(database) == 0)
    assert broker.taken == ["a1", "a2"]


def test_a_lease_lasts_for_as_long_as_the_broker_takes_to_answer(
    database: Database, again: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1")
    broker.hold("a1")
    relay, other = (Relay(each, broker.publish, clock=clock.shared()) for each in (database, again))
    assert relay.step() == 1

    for _ in range(0, LONGEST_PUBLISHING, outbox.RENEWAL):
        clock.now += outbox.RENEWAL
        assert relay.step() == other.step() == 0

    broker.let_go("a1")
    step_until(relay, lambda: waiting(database) == 0)
    assert broker.taken == ["a1"]


def test_an_answer_that_comes_after_the_lease_has_run_out_counts(
    database: Database, again: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1", "a2")
    broker.hold("a1")
    silent, other = (
        Relay(each, broker.publish, clock=clock.shared()) for each in (database, again)
    )
    assert silent.step() == 1

    clock.now += outbox.LEASE
    assert other.step() == 1
    broker.let_go("a1")

    step_until(silent, lambda: waiting(database) == 0)
    assert in_order(dict.fromkeys(broker.taken)) == {"a": [1, 2]}


def test_an_event_that_is_published_twice_at_once_ends_no_publisher(
    database: Database, broker: Broker, clock: Clock
) -> None:
    """Another relay took the lease over and was never heard of again; the answer is still due."""
    append(database, "a1")
    broker.hold("a1")
    relay = Relay(database, broker.publish, clock=clock.shared())
    step_until(relay, lambda: broker.attempts == ["a1"])
    clock.now += outbox.LEASE
    lease_all(database, clock.now)
    clock.now += outbox.LEASE
    step_until(relay, lambda: broker.attempts == ["a1", "a1"])

    broker.let_go("a1")
    step_until(relay, lambda: waiting(database) == 0 and len(broker.taken) == 2)
    append(database, *ENTITIES[:FEW])
    for event_id in ENTITIES[:FEW]:
        broker.hold(event_id)
    step_until(relay, lambda: set(ENTITIES[:FEW]) <= set(broker.attempts))


def test_a_relay_renews_its_leases_without_being_told(
    file: Path, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    database = open_file(file)
    append(database, "a1")
    broker.hold("a1")
    start(database)
    until(lambda: broker.attempts)
    leased_until = due_at(database, "a1")

    until(lambda: due_at(database, "a1") > leased_until)
    assert milliseconds() < leased_until


def test_the_backoff_grows_with_each_failure(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1")
    broker.away = True
    relay = Relay(database, broker.publish, clock=clock.shared())
    waits = []

    for attempt in range(1, 9):
        assert relay.step() == 1
        step_until(relay, lambda: due_at(database, "a1") != clock.now + outbox.LEASE)
        waits.append(due_at(database, "a1") - clock.now)
        clock.now += waits[-1] - 1
        assert relay.step() == 0
        clock.now += 1
        assert len(broker.attempts) == attempt

    assert waits == [500, 1000, 2000, 4000, 5000, 5000, 5000, 5000]


def test_a_broker_that_is_away_is_probed_with_one_event_at_a_time(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, *ENTITIES)
    broker.away = True
    relay = Relay(database, broker.publish, clock=clock.shared())

    def failed() -> bool:
        return failures_noted(database, clock.now) == len(broker.attempts) >= expected

    expected = CONCURRENCY + 1  # the first probe comes without a pause
    step_until(relay, failed)
    for _ in range(5):
        assert [relay.step() for _ in range(20)] == [0] * 20
        clock.now += LONGEST_PAUSE
        assert [relay.step() for _ in range(20)] == [1] + [0] * 19
        expected += 1
        step_until(relay, failed)
    assert len(broker.attempts) == CONCURRENCY + 1 + 5

    broker.away = False
    clock.now += outbox.LAST_BACKOFF
    step_until(relay, lambda: waiting(database) == 0)
    assert sorted(broker.taken) == ENTITIES

    append(database, "x1", "y1", "z1")
    assert relay.step() == 3  # nothing is probed any more


def failures_noted(database: Database, now: int) -> int:
    """How many attempts have ended in a failure that the outbox knows of."""
    under_way = "SUM(CASE WHEN due_at > ? THEN 1 ELSE 0 END)"
    with database.snapshot() as tx:
        sql = f"SELECT SUM(attempts) - {under_way} AS noted FROM outbox"  # noqa: S608 - constant
        row = tx.row(sql, now + outbox.LAST_BACKOFF)
        return int(row["noted"]) if row else 0


def test_a_publisher_that_fails_unforeseen_does_not_end_the_relay(
    database: Database, broker: Broker, clock: Clock
) -> None:
    append(database, "a1", "b1")
    broker.failures = {"a1": [ZeroDivisionError("unforeseen")]}
    relay = Relay(database, broker.publish, clock=clock.shared())

    step_until(relay, lambda: broker.taken == ["b1"] and due_at(database, "a1") == clock.now + 500)
    clock.now += 500
    step_until(relay, lambda: waiting(database) == 0)

    assert broker.taken == ["b1", "a1"]


def test_a_start_publishes_what_was_left(
    database: Database, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    append(database, "a1", "b1")

    start(database)

    until(lambda: sorted(broker.taken) == ["a1", "b1"])


def test_a_start_ends_the_leases_of_a_process_that_is_gone(
    file: Path, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    database = open_file(file)
    append(database, "a1")
    lease_all(database, now=milliseconds())

    start(database)

    until(lambda: broker.taken == ["a1"])


def test_a_second_process_leaves_the_leases_of_the_first(
    file: Path, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    first = open_file(file)
    with first.claim() as alone:
        assert alone
    append(first, "a1")
    lease_all(first, now=milliseconds())
    append(first, "b1")

    start(open_file(file))
    until(lambda: waiting(first) == 1)

    assert broker.attempts == ["b1"]


def test_a_relay_is_woken_by_a_commit(
    database: Database, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    relay = start(database)

    append(database, "a1")
    relay.wake()
    until(lambda: broker.taken == ["a1"])
    append(database, "a2")
    relay.wake()
    until(lambda: broker.taken == ["a1", "a2"])


def test_a_retry_is_not_held_up_by_an_event_that_waits_for_its_answer(
    database: Database, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    append(database, "a1", "b1")
    broker.failures = {"a1": [PublishFailed("500")]}
    broker.hold("b1")
    broker.hold("c1")
    relay = start(database)
    until(lambda: "b1" in broker.attempts and not broker.failures["a1"])
    broker.let_go("b1")  # so that the broker is known to be there
    until(lambda: waiting(database) == 1)
    append(database, "c1")
    relay.wake()
    until(lambda: "c1" in broker.attempts)

    until(lambda: "a1" in broker.taken, within=5)


def test_a_relay_probes_again_after_its_pause_and_does_not_spin_meanwhile(
    databases: Databases, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    counting = Counting(databases.url("x"), [outbox.MIGRATIONS])
    append(counting, "a1", "b1")
    broker.away = True
    broker.hold("b1")
    start(counting)
    until(lambda: 0 < due_at(counting, "a1") < milliseconds() + outbox.FIRST_BACKOFF)
    broker.let_go("b1")  # the second failure in a row: the pause is longer than b1's own backoff
    counting.begun = 0

    until(lambda: len(broker.attempts) >= 3)

    assert counting.begun < 15


class Counting(Database):
    """A database that counts how often it was used."""

    begun = 0

    def transaction(self) -> AbstractContextManager[Transaction]:
        self.begun += 1
        return super().transaction()

    def snapshot(self) -> AbstractContextManager[Transaction]:
        self.begun += 1
        return super().snapshot()


def test_what_happens_while_events_are_under_way_shares_a_round(
    databases: Databases, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    counting = Counting(databases.url("x"), [outbox.MIGRATIONS])
    function = Database(databases.url("x"), [outbox.MIGRATIONS])
    append(function, "z1")
    broker.hold("z1")
    relay = start(counting)
    until(lambda: broker.attempts)
    began, counting.begun = time.monotonic(), 0

    for event_id in ENTITIES:
        append(function, event_id)
        relay.wake()
    until(lambda: len(broker.taken) == len(ENTITIES))

    rounds = (time.monotonic() - began) / GATHER + 2
    assert counting.begun <= rounds


def test_a_relay_goes_on_when_its_database_is_back(
    tmp_path: Path,
    broker: Broker,
    start: Callable[[Database], Relay],
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = tmp_path / "data"
    folder.write_text("a file where the folder should be")
    database = Database(f"sqlite:///{folder / 'x.db'}", [outbox.MIGRATIONS])
    start(database)
    until(lambda: "outbox out of reach" in caplog.messages)

    folder.unlink()
    append(database, "a1")

    until(lambda: broker.taken == ["a1"])


def test_stopping_publishes_what_still_waits(
    database: Database, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    relay = start(database)
    append(database, "a1", "a2", "a3", "b1")

    relay.stop()

    assert in_order(broker.taken) == {"a": [1, 2, 3], "b": [1]}
    assert waiting(database) == 0


def test_stopping_publishes_what_is_committed_at_that_moment(
    databases: Databases, broker: Broker
) -> None:
    """The stop comes just when the relay has looked and found nothing."""
    database = Interrupted(databases.url("x"), [outbox.MIGRATIONS])
    append(database, "a1")
    relay = Relay(database, broker.publish)
    database.relay = relay
    relay.start()

    assert database.interrupted.wait(30)
    relay.stop()

    assert broker.taken == ["a1", "b1"]


class Interrupted(Database):
    """A database to which a last event is committed once the relay has found that none waits."""

    relay: Relay

    def __init__(self, url: str, migrations: Sequence[Path]) -> None:
        super().__init__(url, migrations)
        self.interrupted = threading.Event()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as tx:
            yield tx
            found = outbox.waiting(tx)
        if not found and not self.interrupted.is_set():
            self.interrupted.set()
            append(self, "b1")
            stopping = threading.Thread(target=self.relay.stop, args=(0,))
            stopping.start()
            stopping.join()


def test_stopping_does_not_wait_for_a_broker_that_is_away(
    database: Database, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    broker.away = True
    append(database, "a1", "a2")
    relay = start(database)
    until(lambda: broker.attempts)

    relay.stop(grace=60)

    assert broker.taken == []
    assert waiting(database) == 2


def test_stopping_waits_for_what_is_under_way(
    database: Database, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    broker.hold("a1")
    append(database, "a1", "a2")
    relay = start(database)
    until(lambda: broker.attempts)
    stopping = threading.Thread(target=relay.stop)
    stopping.start()

    broker.let_go("a1")
    stopping.join()

    assert broker.taken == ["a1", "a2"]
    assert waiting(database) == 0


def test_stopping_waits_for_an_answer_only_so_long(
    database: Database, broker: Broker, start: Callable[[Database], Relay]
) -> None:
    broker.hold("a1")
    append(database, "a1")
    relay = start(database)
    until(lambda: broker.attempts)

    relay.stop(grace=0.01)

    assert waiting(database) == 1


def test_a_relay_that_was_never_started_can_be_stopped(database: Database, broker: Broker) -> None:
    append(database, "a1")

    Relay(database, broker.publish).stop()

    assert broker.attempts == []
