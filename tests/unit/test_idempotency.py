"""`Idempotency-Key`: a command that is sent again is answered again and done once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from werkzeug.datastructures import Headers

from eventing import clock, idempotency
from eventing.answer import Answer, json_answer
from eventing.call import Call
from eventing.cause import Cause
from eventing.database import Database
from eventing.idempotency import Command, InvalidKey
from eventing.problem import Invalid, NotFound
from eventing.strictjson import parse_json
from tests.databases import of_every_kind

new_databases = of_every_kind


TWINS = 4


class Notes:
    """Commands that make notes; `made` counts how often one was made."""

    def __init__(self, database: Database) -> None:
        self.made = 0
        self._database = database

    def make(self, command: Command | None, refuse: type[Exception] | None = None) -> Answer:
        """Answer as a function would, each note with a number of its own."""

        def act() -> Answer:
            self.made += 1
            if refuse:
                raise refuse
            return json_answer({"number": self.made, "text": "é"}, 201, {"Location": "/notes/1"})

        with self._database.transaction() as tx:
            return idempotency.once(tx, command, "note-1", act)

    def forget(self) -> None:
        with self._database.transaction() as tx:
            idempotency.forget(tx, "note-1")

    def drop_expired(self, now: str) -> int:
        with self._database.transaction() as tx:
            return idempotency.drop_expired(tx, now)


@pytest.fixture
def notes(database: Database) -> Notes:
    return Notes(database)


def command(body: str = "{}", key: str | None = "k", path: str = "/notes") -> Command | None:
    headers = Headers() if key is None else Headers({"Idempotency-Key": key})
    call = Call("POST", path, headers, {}, Cause("c"), body.encode())
    return idempotency.identify(call, parse_json(body.encode()))


def test_a_command_without_a_key_is_done_each_time(notes: Notes) -> None:
    assert command(key=None) is None
    assert notes.make(None) != notes.make(None)


def test_the_same_command_gets_the_first_answer_again(notes: Notes) -> None:
    first = notes.make(command())

    assert notes.make(command()) == first
    assert notes.made == 1


SAME = {
    "white space": ('{"a":1}', ' { "a" : 1 }\n'),
    "the order of members": ('{"a":1,"b":[]}', '{"b":[],"a":1}'),
    "the spelling of a character": ('{"a":"é"}', r'{"a":"\u00e9"}'),
}
OTHER = {
    "another value": ('{"a":1}', '{"a":2}'),
    "a member more": ('{"a":1}', '{"a":1,"b":null}'),
    "another type": ('{"a":1}', '{"a":true}'),
    "the order of a list": ('{"a":[1,2]}', '{"a":[2,1]}'),
    "a lone surrogate": (r'{"a":"\ud800"}', r'{"a":"\ud801"}'),
}


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME)
def test_json_is_the_same_whatever(first: str, second: str) -> None:
    assert command(first) == command(second)


@pytest.mark.parametrize(("first", "second"), OTHER.values(), ids=OTHER)
def test_json_is_other_by(first: str, second: str) -> None:
    assert command(first) != command(second)


def test_a_key_with_other_json_is_refused(notes: Notes) -> None:
    notes.make(command('{"a":1}'))

    with pytest.raises(Invalid) as refusal:
        notes.make(command('{"a":2}'))

    assert refusal.value.status == 422
    assert notes.made == 1


def test_a_key_is_of_one_method_and_path(notes: Notes) -> None:
    notes.make(command(path="/notes"))
    notes.make(command('{"a":1}', path="/other"))

    assert notes.made == 2


@pytest.mark.parametrize("key", ["", "a b", "a\tb", "\x7f", "é", "k" * 256])
def test_a_key_is_refused_that_is(key: str) -> None:
    with pytest.raises(InvalidKey) as refusal:
        command(key=key)

    assert refusal.value.status == 400


@pytest.mark.parametrize("key", ["!", "~", "k" * 255, '"quoted"'])
def test_a_key_may_be_any_visible_ascii(key: str) -> None:
    identified = command(key=key)

    assert identified
    assert identified.key == key


@pytest.mark.parametrize("error", [NotFound, ZeroDivisionError])
def test_a_command_that_was_not_done_does_not_take_its_key(
    notes: Notes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        notes.make(command('{"a":1}'), refuse=error)

    assert notes.make(command('{"a":2}')).status == 201


def test_twins_at_the_same_moment_get_the_first_answer(notes: Notes) -> None:
    together = threading.Barrier(TWINS)

    def make(_: int) -> Answer:
        together.wait()
        return notes.make(command())

    with ThreadPoolExecutor(TWINS) as threads:
        answers = list(threads.map(make, range(TWINS)))

    assert answers == [answers[0]] * TWINS
    assert notes.made == 1


def test_a_twin_waits_while_the_first_is_being_done(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def make(act: Callable[[], Answer]) -> Answer:
        with database.transaction() as tx:
            return idempotency.once(tx, command(), "note-1", act)

    def slowly() -> Answer:
        begun.set()
        assert go_on.wait(30)
        return Answer(201, "first")

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(make, slowly)
        assert begun.wait(30)
        twin = threads.submit(make, lambda: Answer(201, "second"))
        go_on.set()
        assert (first.result().body, twin.result().body) == ("first", "first")


@pytest.mark.parametrize("body", ["{}", '{"other":1}'])
def test_the_key_of_something_deleted_gets_404_and_makes_nothing(notes: Notes, body: str) -> None:
    notes.make(command())
    notes.forget()

    with pytest.raises(NotFound):
        notes.make(command(body))

    assert notes.made == 1


def test_what_is_forgotten_is_not_kept(notes: Notes, database: Database) -> None:
    notes.make(command())
    notes.forget()

    with database.snapshot() as tx:
        kept = tx.row("SELECT answer, fingerprint FROM idempotency")
    assert kept is not None
    assert (kept["answer"], kept["fingerprint"]) == (None, "")


def test_a_key_is_free_again_after_30_days(notes: Notes) -> None:
    first = notes.make(command())
    day = timedelta(days=1)

    assert notes.drop_expired(clock.ago(clock.now(), -29 * day)) == 0
    assert notes.make(command()) == first
    assert notes.drop_expired(clock.ago(clock.now(), -31 * day)) == 1
    assert notes.make(command('{"a":1}')) != first


def test_a_clock_that_is_ahead_costs_the_oldest_keys_of_an_hour_at_most(
    notes: Notes, database: Database
) -> None:
    for key, age in {"a": 200, "b": 150, "c": 100, "d": 0}.items():
        notes.make(command(key=key))
        created = clock.ago(clock.now(), timedelta(minutes=age))
        with database.transaction() as tx:
            tx.execute("UPDATE idempotency SET created_at = ? WHERE key = ?", created, key)

    assert notes.drop_expired(clock.ago(clock.now(), -timedelta(days=400))) == 2

    with database.snapshot() as tx:
        kept = [row["key"] for row in tx.rows("SELECT key FROM idempotency ORDER BY key")]
    assert kept == ["c", "d"]


def test_without_keys_none_is_dropped(notes: Notes) -> None:
    assert notes.drop_expired(clock.now()) == 0
