"""`blog dead` with any dead letter sinks: two, none, one that is elsewhere, one that is away."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Request
from werkzeug.serving import make_server

from broker.dead import remarks
from broker.manifests import parse_platform
from broker.office import NoSink, Office, Sinks, sinks
from broker.verbs.ask import NotDone
from functions.dead_letters.main import build
from tests.unit.manifest_documents import BROKER, Document, named, pairs, service, to, trigger

AWAY = "http://127.0.0.1:9"
FORGED = {"ce-specversion": "1.0", "ce-type": "T", "ce-source": "/s"}

Serve = Callable[[str], str]


def a_trigger(name: str, sink: Document | None) -> Document:
    delivery = {} if sink is None else {"delivery": {"deadLetterSink": sink}}
    return named(trigger(**delivery), name=name)


def of(*triggers: Document) -> Sinks:
    services = [service(name=name) for name in ("query", "first", "second")]
    addresses = {"first": "http://1", "second": "http://2"}
    return sinks(parse_platform(pairs(BROKER, *services, *triggers)), addresses)


def test_each_sink_of_the_triggers_is_asked_once() -> None:
    found = of(
        a_trigger("a", to("first")), a_trigger("b", to("second")), a_trigger("c", to("first"))
    )
    assert found == Sinks({"first": "http://1", "second": "http://2"}, [])


def test_without_a_sink_there_is_nobody_to_ask() -> None:
    assert of(a_trigger("a", None)) == Sinks({}, [])


@pytest.mark.parametrize(
    ("sink", "place"),
    [
        ({"uri": "https://me:secret@elsewhere.example:8443/x?token=y"}, "elsewhere.example:8443"),
        ({"uri": "http://elsewhere.example"}, "elsewhere.example"),
        (to("query"), "query"),
    ],
    ids=["a URI", "a short URI", "a Service without a function"],
)
def test_a_sink_that_is_not_a_function_is_named_with_its_triggers(
    sink: Document, place: str
) -> None:
    found = of(a_trigger("a", sink), a_trigger("b", to("first")), a_trigger("c", sink))
    assert list(found.functions) == ["first"]
    assert found.elsewhere == [
        f"{place}, the dead letter sink of a, c, is not asked: it is not a function"
    ]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves a dead letter sink with a database of its own, and one letter of that id in it."""
    with ExitStack() as life:

        def served(event_id: str) -> str:
            function = build({"DATABASE_URL": f"sqlite:///{tmp_path / event_id}.db"})
            server = make_server(
                "127.0.0.1", 0, lambda env, start: function(Request(env))(env, start), threaded=True
            )
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            life.callback(thread.join)
            life.callback(server.shutdown)
            url = f"http://127.0.0.1:{server.server_port}"
            letter = Request.from_values(
                "/dead/t", method="POST", headers={**FORGED, "ce-id": event_id}
            )
            assert function(letter).status_code == 202
            return url

        yield served


def test_two_sinks_are_listed_together_and_each_letter_is_asked_for_where_it_is(
    serve: Serve,
) -> None:
    office = Office(None, Sinks({"first": serve("one"), "second": serve("two")}, []))
    found, silent = office.everything(None, discarded=False)
    letters = {letter["event"]["id"]: letter for letter in found["deadLetters"]}
    assert {key: letter["sink"] for key, letter in letters.items()} == {
        "one": "first",
        "two": "second",
    }
    assert not silent
    for key, letter in letters.items():
        assert office.ask("GET", letter["id"])["event"]["id"] == key
    office.ask("POST", letters["two"]["id"], "discard", {"reason": "forged"})
    assert [letter["event"]["id"] for letter in office.letters(None)] == ["one"]


def test_a_sink_that_is_away_hides_no_letter_of_another(serve: Serve) -> None:
    office = Office(None, Sinks({"first": AWAY, "second": serve("two")}, []))
    found, [silent] = office.everything(None, discarded=False)
    assert [letter["event"]["id"] for letter in found["deadLetters"]] == ["two"]
    assert str(silent).startswith("nothing answers at http://127.0.0.1:9")


def test_an_id_that_no_sink_has_is_refused_in_the_words_of_each(serve: Serve) -> None:
    office = Office(None, Sinks({"first": serve("one"), "second": AWAY}, []))
    with pytest.raises(NotDone, match=r"first: There is no such dead letter\.; second: nothing"):
        office.ask("GET", "none")


def test_without_a_sink_it_is_a_line_and_no_letter_can_be_asked_for() -> None:
    office = Office(None, Sinks({}, []))
    found, silent = office.everything(None, discarded=False)
    assert (list(remarks(office, found)), silent) == (["No Trigger has a dead letter sink."], [])
    with pytest.raises(NoSink):
        office.ask("GET", "some")


def test_with_sinks_elsewhere_only_it_does_not_say_that_nothing_is_dead() -> None:
    office = Office(None, Sinks({}, ["x, the dead letter sink of a, is not asked"]))
    found, _ = office.everything(None, discarded=False)
    assert list(remarks(office, found)) == ["x, the dead letter sink of a, is not asked"]
