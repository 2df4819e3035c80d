"""Letters that time can heal leave by themselves: driven by hand, with a clock of the test."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import cast

import pytest

from eventing import rebuild
from eventing.clock import now
from eventing.cloudevent import CloudEvent, write_binary
from eventing.database import Database, StorageUnavailable, Transaction
from eventing.publisher import Publisher
from functions.dead_letters import store, turns
from functions.dead_letters.courier import Courier, NotDelivered
from functions.dead_letters.deliveries import GONE_AFTER, Deliveries
from functions.dead_letters.failure import Failure
from functions.dead_letters.redelivery import Attempted, Redelivery
from functions.dead_letters.retries import LONGEST_HERE, Retries
from functions.dead_letters.rules import Letter, receive
from functions.dead_letters.schedule import LONGEST, REST, Schedule
from tests.conformance.probe import Answer, Probe
from tests.databases import Databases
from tests.waiting import until

TRIGGER, URL = "query-post-created", "http://query/"
NOW = "2026-01-31T12:00:00.000000Z"
NO_ANSWER = Failure("gave no answer: NewConnectionError", answered=False)
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Subscriber:
    """Takes events unless it is told to fail, and remembers when each was brought."""

    def __init__(self, clock: Clock) -> None:
        self.failure: Callable[[str], Failure | None] = lambda _: None
        self.brought: list[tuple[float, str]] = []
        self._clock = clock
        self._lock = threading.Lock()

    def deliver(self, event: CloudEvent, _url: str) -> None:
        with self._lock:
            self.brought.append((self._clock(), event.id))
        if failure := self.failure(event.id):
            raise NotDelivered(failure)

    def ids(self) -> list[str]:
        return [event_id for _, event_id in self.brought]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def subscriber(clock: Clock) -> Subscriber:
    return Subscriber(clock)


@pytest.fixture
def letters(databases: Databases) -> Iterator[Database]:
    """The function's own database."""
    database = store.open_database({"DATABASE_URL": databases.url("dead_letters")})
    yield database
    database.close()


@pytest.fixture
def probe() -> Iterator[Probe]:
    probe = Probe()
    yield probe
    probe.close()


def a_redelivery(
    database: Database,
    courier: object,
    clock: Clock,
    *,
    url: str = URL,
    longest: float = LONGEST_HERE,
    deliveries: Deliveries | None = None,
    kind: type[Redelivery] = Redelivery,
) -> Redelivery:
    return kind(
        url,
        [TRIGGER],
        database=database,
        courier=cast("Courier", courier),
        deliveries=deliveries or Deliveries(database, clock),
        schedule=Schedule(clock(), longest),
        clock=clock,
    )


def bury(database: Database, *event_ids: str, now: str = NOW, **extensions: str) -> list[str]:
    """Keep dead letters with these events; their ids."""
    kept = [
        receive(
            CloudEvent(id=each, source="/posts", type="PostCreated", extensions=extensions),
            TRIGGER,
            now,
            known=True,
        )
        for each in event_ids
    ]
    with database.transaction() as tx:
        for letter in kept:
            store.keep(tx, letter, known=True, limit=10_000)
    return [letter.id for letter in kept]


def find(database: Database, letter_id: str) -> Letter | None:
    with database.snapshot() as tx:
        return store.find(tx, letter_id)


def left(database: Database) -> int:
    with database.snapshot() as tx:
        return store.count(tx, TRIGGER)


def run(redelivery: Redelivery, clock: Clock, until_time: float) -> None:
    """Let time pass, and the redelivery do what is due, until that moment."""
    while (wait := redelivery.step()) <= until_time - clock.now:
        clock.now += wait
    clock.now = until_time


def test_a_letter_is_delivered_by_itself_once_its_subscriber_is_back(
    letters: Database, clock: Clock, subscriber: Subscriber
) -> None:
    bury(letters, "a")
    redelivery = a_redelivery(letters, subscriber, clock)
    subscriber.failure = lambda _: NO_ANSWER
    run(redelivery, clock, 16.0)
    assert left(letters) == 1
    subscriber.failure = lambda _: None
    run(redelivery, clock, 20.0)
    assert left(letters) == 0


def test_what_is_refused_for_good_waits_for_a_person(
    letters: Database, clock: Clock, subscriber: Subscriber
) -> None:
    [letter_id] = bury(letters, "a")
    subscriber.failure = lambda _: Failure("answered 422", "no", passes=False)
    run(a_redelivery(letters, subscriber, clock), clock, DAY)
    assert subscriber.ids() == ["a"]
    letter = find(letters, letter_id)
    assert letter is not None
    assert (letter.refused, letter.turn, letter.failure.reason) == (True, None, "answered 422")


def test_an_absent_subscriber_gets_one_letter_at_a_time_each_time_another(
    letters: Database, clock: Clock, subscriber: Subscriber
) -> None:
    names = [f"e{number}" for number in range(5)]
    bury(letters, *names)
    redelivery = a_redelivery(letters, subscriber, clock)
    subscriber.failure = lambda _: NO_ANSWER
    run(redelivery, clock, 30.0)
    moments = [moment for moment, _ in subscriber.brought]
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(moments))
    assert sorted(subscriber.ids()[:5]) == names
    assert subscriber.ids()[5:10] == subscriber.ids()[:5]


@pytest.mark.parametrize("failure", [NO_ANSWER, Failure("answered 503")], ids=["away", "503"])
@pytest.mark.parametrize(("count", "away"), [(1, 16.0), (300, 60.0), (20, HOUR), (1, 6 * HOUR)])
def test_two_minutes_after_an_absence_no_letter_is_left(
    letters: Database,
    clock: Clock,
    subscriber: Subscriber,
    failure: Failure,
    count: int,
    away: float,
) -> None:
    bury(letters, *(f"e{number}" for number in range(count)))
    redelivery = a_redelivery(letters, subscriber, clock)
    subscriber.failure = lambda _: failure
    run(redelivery, clock, away)
    assert left(letters) == count
    subscriber.failure = lambda _: None
    run(redelivery, clock, away + 2 * MINUTE)
    assert left(letters) == 0


def test_letters_that_always_fail_hold_up_no_other(
    letters: Database, clock: Clock, subscriber: Subscriber
) -> None:
    poison = [f"poison{number}" for number in range(20)]
    bury(letters, *poison, *(f"sound{number}" for number in range(20)))
    redelivery = a_redelivery(letters, subscriber, clock)
    subscriber.failure = lambda _: NO_ANSWER
    run(redelivery, clock, MINUTE)
    subscriber.failure = lambda event_id: Failure("answered 500") if event_id in poison else None
    run(redelivery, clock, MINUTE + 30.0)
    assert left(letters) == 20
    subscriber.brought.clear()
    run(redelivery, clock, MINUTE + HOUR)
    assert set(subscriber.ids()) == set(poison)


def test_in_a_cluster_it_goes_on_for_ever_with_a_pause_of_ten_minutes_at_most(
    letters: Database, clock: Clock, subscriber: Subscriber
) -> None:
    bury(letters, "a")
    subscriber.failure = lambda _: NO_ANSWER
    redelivery = a_redelivery(letters, subscriber, clock, longest=LONGEST)
    run(redelivery, clock, 3 * DAY)
    moments = [moment for moment, _ in subscriber.brought]
    last = [later - earlier for earlier, later in pairwise(moments)][-1]
    assert last == LONGEST
    assert moments[-1] > 3 * DAY - 2 * LONGEST


def test_a_new_letter_is_brought_soon_however_long_the_pause(
    letters: Database, clock: Clock, subscriber: Subscriber
) -> None:
    bury(letters, "old")
    redelivery = a_redelivery(letters, subscriber, clock, longest=LONGEST)
    subscriber.failure = lambda _: NO_ANSWER
    run(redelivery, clock, DAY)
    subscriber.failure = lambda _: None
    bury(letters, "new")
    redelivery.release()
    run(redelivery, clock, DAY + 2.0)
    assert subscriber.ids()[-2:] == ["new", "old"]
    assert left(letters) == 0


class NewLetter(Database):
    """A database that another letter reaches just after nothing was found in it."""

    then: Callable[[], None] | None = None

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        with super().snapshot() as tx:
            yield tx
        then, self.then = self.then, None
        if then is not None:
            then()


def test_a_letter_that_comes_just_after_a_look_does_not_wait_for_the_next(
    databases: Databases, clock: Clock, subscriber: Subscriber
) -> None:
    folders = [rebuild.MIGRATIONS, store.DELETED_POSTS_MIGRATIONS, store.MIGRATIONS]
    database = NewLetter(databases.url("dead_letters"), folders)
    redelivery = a_redelivery(database, subscriber, clock)

    def come() -> None:
        bury(database, "a")
        redelivery.release()

    database.then = come
    run(redelivery, clock, 3.0)
    assert subscriber.ids() == ["a"]
    database.close()


def test_what_an_earlier_version_kept_is_tried_again_once(
    letters: Database, clock: Clock, subscriber: Subscriber
) -> None:
    with letters.transaction() as tx:
        tx.execute(
            "INSERT INTO dead_letters (id, trigger_name, post_id, attributes, data, reason, said,"
            " first_at, last_at, failures) VALUES ('1', ?, '', ?, ?, 'answered 422', '', ?, ?, 1)",
            *(TRIGGER, '{"specversion": "1.0", "id": "a", "source": "/s", "type": "t"}', b"{}"),
            *(NOW, NOW),
        )
    subscriber.failure = lambda _: Failure("answered 422", passes=False)
    run(a_redelivery(letters, subscriber, clock), clock, HOUR)
    assert subscriber.ids() == ["a"]


@pytest.mark.parametrize("last_at", ["1970-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"])
def test_no_clock_of_the_day_delays_it(
    letters: Database, clock: Clock, subscriber: Subscriber, last_at: str
) -> None:
    bury(letters, "a", now=last_at)
    run(a_redelivery(letters, subscriber, clock), clock, 2.0)
    assert left(letters) == 0


@pytest.mark.parametrize("answer", [Answer(202), Answer(503)], ids=["taken", "failed"])
def test_an_order_to_discard_wins_against_a_delivery_under_way(
    letters: Database, clock: Clock, probe: Probe, answer: Answer
) -> None:
    answered = threading.Event()
    probe.script("/", Answer(answer.status, after=answered))
    [letter_id] = bury(letters, "a")
    redelivery = a_redelivery(letters, Courier(None), clock, url=f"{probe.url}/")
    clock.now = 1.0
    thread = threading.Thread(target=redelivery.step)
    thread.start()
    probe.wait_for("/", 1)
    with letters.transaction() as tx:
        store.discard(tx, letter_id, "sent by mistake")
    answered.set()
    thread.join(20)
    letter = find(letters, letter_id)
    assert letter is not None
    assert (letter.discarded, letter.event.data) == ("sent by mistake", b"")
    run(redelivery, clock, HOUR)
    assert len(probe.received("/")) == 1


def test_two_copies_never_bring_the_same_letter_at_once(
    letters: Database, clock: Clock, probe: Probe, subscriber: Subscriber
) -> None:
    answered = threading.Event()
    probe.script("/", Answer(after=answered))
    bury(letters, "a")
    first = a_redelivery(letters, Courier(None), clock, url=f"{probe.url}/")
    second = a_redelivery(letters, subscriber, clock)
    clock.now = 1.0
    thread = threading.Thread(target=first.step)
    thread.start()
    probe.wait_for("/", 1)
    run(second, clock, 20.0)
    assert subscriber.ids() == []
    bury(letters, "b")
    second.release()
    run(second, clock, 25.0)
    assert subscriber.ids() == ["b"]
    answered.set()
    thread.join(20)
    assert left(letters) == 0


def test_two_copies_at_once_bring_each_letter_once(
    letters: Database, clock: Clock, subscriber: Subscriber
) -> None:
    names = [f"e{number}" for number in range(60)]
    bury(letters, *names)
    redeliveries = [a_redelivery(letters, subscriber, clock) for _ in range(2)]
    clock.now = 2.0
    begin = threading.Barrier(2)

    def deliver(redelivery: Redelivery) -> None:
        begin.wait(20)
        for _ in names:
            redelivery.step()

    threads = [threading.Thread(target=deliver, args=[redelivery]) for redelivery in redeliveries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(subscriber.ids()) == sorted(names)


def test_a_copy_that_dies_frees_its_letters_and_one_that_lives_does_not(
    letters: Database, clock: Clock, subscriber: Subscriber
) -> None:
    bury(letters, "one", "two")
    living, own = Deliveries(letters, clock), Deliveries(letters, clock)
    with letters.transaction() as tx:
        [freed] = turns.take(tx, "of a copy that died", [TRIGGER], 1)
    with living.under_way() as delivery:
        with letters.transaction() as tx:
            turns.take(tx, delivery, [TRIGGER], 1)
        own.look()
        for _ in range(6):
            living.beat()
            own.beat()
            clock.now += GONE_AFTER / 4
        run(a_redelivery(letters, subscriber, clock), clock, clock.now + 2.0)
        assert subscriber.ids() == [freed.event.id]
        assert left(letters) == 1


class Unsettled(Redelivery):
    """A redelivery whose database is away just when the first outcome is to be written."""

    away = True

    def _settle(self, delivery: str, outcomes: Sequence[Attempted]) -> None:
        if self.away:
            self.away = False
            raise StorageUnavailable("away")
        super()._settle(delivery, outcomes)


def test_a_delivery_whose_outcome_could_not_be_written_is_made_again(
    letters: Database, clock: Clock, subscriber: Subscriber
) -> None:
    bury(letters, "a")
    deliveries = Deliveries(letters, clock)
    redelivery = a_redelivery(letters, subscriber, clock, deliveries=deliveries, kind=Unsettled)
    while clock.now < 4 * GONE_AFTER:
        redelivery.step()
        deliveries.beat()
        clock.now += 2.0
    assert subscriber.ids() == ["a", "a"]
    assert left(letters) == 0


def retries(database: Database, clock: Clock, probe: Probe, own_url: str | None) -> Retries:
    subscribers = {TRIGGER: f"{probe.url}/"}
    return Retries(database, subscribers, Courier(None), own_url=own_url, clock=clock)


REFUSED = {"knativeerrorcode": "422", "knativeerrordata": ""}
LONG_AGO, FAR_AHEAD = "2026-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"


def turn(database: Database, letter_id: str) -> int | None:
    letter = find(database, letter_id)
    assert letter is not None
    return letter.turn


@pytest.mark.parametrize("tried", [LONG_AGO, FAR_AHEAD], ids=["yesterday", "by a clock ahead"])
def test_what_was_refused_has_another_turn_a_day_later(
    letters: Database, clock: Clock, probe: Probe, tried: str
) -> None:
    [letter_id] = bury(letters, "a", now=tried, **REFUSED)
    assert turn(letters, letter_id) is None
    retries(letters, clock, probe, own_url="http://own/").try_refused()
    assert turn(letters, letter_id) == 0


def test_what_was_refused_has_another_turn_at_each_start_on_one_machine_alone(
    letters: Database, clock: Clock, probe: Probe
) -> None:
    [letter_id] = bury(letters, "a", now=now(), **REFUSED)
    retries(letters, clock, probe, own_url="http://own/").try_refused()
    assert turn(letters, letter_id) is None
    here = retries(letters, clock, probe, own_url=None)
    here.try_refused()
    assert turn(letters, letter_id) == 0


def test_what_was_refused_stays_so_while_its_subscriber_is_away_and_leaves_when_it_is_taken(
    letters: Database, clock: Clock, subscriber: Subscriber
) -> None:
    [letter_id] = bury(letters, "a", now=LONG_AGO, **REFUSED)
    with letters.transaction() as tx:
        turns.try_refused_again(tx, NOW, NOW)
    redelivery = a_redelivery(letters, subscriber, clock)
    subscriber.failure = lambda _: NO_ANSWER
    run(redelivery, clock, 16.0)
    letter = find(letters, letter_id)
    assert letter is not None
    assert (letter.refused, letter.failure.reason) == (True, "answered 422")
    subscriber.failure = lambda _: None
    run(redelivery, clock, 20.0)
    assert left(letters) == 0


def a_reply() -> Answer:
    headers, body = write_binary(CloudEvent(id="r", source="/moderation", type="T", data=b"{}"))
    return Answer(200, headers, body)


def test_a_reply_that_the_broker_does_not_take_is_asked_for_again(
    letters: Database, clock: Clock, probe: Probe
) -> None:
    probe.script("/", a_reply())
    probe.script("/broker", Answer(503), Answer(202))
    bury(letters, "a")
    publish = Publisher(f"{probe.url}/broker").publish
    redelivery = a_redelivery(letters, Courier(publish), clock, url=f"{probe.url}/")
    run(redelivery, clock, 10.0)
    assert [each.event.id for each in probe.received("/broker")] == ["r", "r"]
    assert left(letters) == 0


class Gateway(BaseHTTPRequestHandler):
    """Where a function is reached in a cluster: notes what is asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def gateway() -> Iterator[tuple[str, list[str]]]:
    """Its address, and the paths that it was asked for."""
    asked: list[str] = []
    kind = type("Own", (Gateway,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()
        thread.join()


def test_in_a_cluster_it_keeps_itself_awake_for_as_long_as_letters_wait(
    letters: Database, clock: Clock, probe: Probe, gateway: tuple[str, list[str]]
) -> None:
    own_url, asked = gateway
    answered = threading.Event()
    probe.script("/", Answer(503), Answer(202, after=answered))
    bury(letters, "a")
    kept = retries(letters, clock, probe, own_url)
    kept.stay_awake()
    assert asked == []
    clock.now = 1.0
    kept.start()
    probe.wait_for("/", 1)
    kept.stay_awake()
    assert asked == ["/healthz"]
    until(lambda: kept.next_attempt_in(TRIGGER) == 1.0)
    clock.now = 2.0
    kept.sweep()
    answered.set()
    until(lambda: left(letters) == 0)
    clock.now = 100.0
    kept.sweep()
    until(lambda: kept.next_attempt_in(TRIGGER) == REST)
    kept.stay_awake()
    kept.stop()
    assert asked == ["/healthz"]


def test_on_one_machine_it_never_asks_itself(letters: Database, clock: Clock, probe: Probe) -> None:
    retries(letters, clock, probe, own_url=None).stay_awake()
    assert probe.count() == 0
