"""The function `dead_letters` over HTTP, on a real database, with real subscribers and a broker."""

import base64
import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from eventing.cloudevent import CloudEvent, write_binary
from eventing.database import Database
from eventing.reading import Peer
from eventing.subscriber import PING
from functions.dead_letters import store, turns
from functions.dead_letters.main import build
from functions.dead_letters.projection import DELETED_POSTS
from functions.dead_letters.rules import SubscribersUnreadable
from tests.conformance.probe import Answer, Probe
from tests.databases import Databases, Files
from tests.integration.blog import (
    Document,
    client,
    client_of,
    comment_data,
    document,
    event,
    judgement,
    post_data,
    send,
)
from tests.integration.copies import Copy, served
from tests.waiting import until

TRIGGER = "query-post-created"
NOW = "2026-01-31T12:00:00.000000Z"
ADDED_BY_BROKERS = {
    "knativearrivaltime": "2026-01-31T12:00:02.000000Z",
    "knativebrokerttl": "250",
    "knativeerrordest": "http://elsewhere/",
    "knativeerrorcode": "422",
    "knativeerrordata": base64.b64encode(b'{"detail": "no"}').decode(),
}


@pytest.fixture
def probe() -> Iterator[Probe]:
    """Subscribers at `/subscriber`, a broker at `/broker`, and whoever else is called."""
    probe = Probe()
    yield probe
    probe.close()


@pytest.fixture
def office(databases: Databases, probe: Probe) -> Client:
    return an_office(databases, probe, K_SINK=f"{probe.url}/broker")


def an_office(databases: Databases, probe: Probe, **env: str) -> Client:
    subscribers = f"{TRIGGER} {probe.url}/subscriber\nother {probe.url}/subscriber\n"
    return still(databases, SUBSCRIBERS=subscribers, **env)


def still(databases: Databases, **env: str) -> Client:
    """The function for which no time passes: it delivers nothing by itself."""
    cluster = {"K_SERVICE": "dead-letters", "OWN_URL": "http://127.0.0.1:1/"}
    url = databases.url("dead_letters")
    return client_of(build({"DATABASE_URL": url, **cluster, **env}, clock=lambda: 0.0))


def bury(office: Client, dead: Mapping[str, object] | CloudEvent, trigger: str = TRIGGER) -> None:
    """Send a dead letter as the broker does; the answer must be an empty 202."""
    answer = answer_to(office, dead, trigger)
    assert (answer.status_code, answer.data) == (202, b"")


def answer_to(
    office: Client, dead: Mapping[str, object] | CloudEvent, trigger: str = TRIGGER
) -> TestResponse:
    if isinstance(dead, CloudEvent):
        headers, data = write_binary(dead)
        return office.post(f"/dead/{trigger}", data=data, headers=headers)
    kind = "application/cloudevents+json"
    return office.post(f"/dead/{trigger}", data=json.dumps(dead), content_type=kind)


def letters(office: Client, **query: str) -> list[Document]:
    found: list[Document] = document(office.get("/dead", query_string=query))["deadLetters"]
    return found


def only_id(office: Client) -> str:
    [letter] = letters(office)
    return str(letter["id"])


def redrive(office: Client) -> TestResponse:
    """Deliver the only letter there is again."""
    return office.post(f"/dead/{only_id(office)}/redrive")


def test_a_dead_letter_is_kept_whole_with_what_went_wrong(office: Client, probe: Probe) -> None:
    data = b'{ "id":"p1",\t"title":"\xc3\xa4" }'
    sent = CloudEvent(
        id="p1.1",
        source="/posts",
        type="PostCreated",
        subject="p1",
        datacontenttype="application/json; charset=utf-8",
        data=data,
        extensions={"partitionkey": "p1", "correlationid": "c", **ADDED_BY_BROKERS},
    )
    bury(office, sent)
    [letter] = letters(office)
    told = {name: letter[name] for name in ("trigger", "reason", "said", "failures", "discarded")}
    assert told == {
        "trigger": TRIGGER,
        "reason": "answered 422",
        "said": '{"detail": "no"}',
        "failures": 1,
        "discarded": None,
    }
    assert letter["subscriber"] == f"{probe.url}/subscriber"
    assert letter["knativeerrordest"] == "http://elsewhere/"
    assert letter["firstAt"] == letter["lastAt"]
    assert "data" not in letter["event"]
    shown = document(office.get(f"/dead/{letter['id']}"))
    assert shown["event"]["data"] == {"id": "p1", "title": "ä"}
    assert shown["event"]["subject"] == "p1"

    assert redrive(office).status_code == 200
    [received] = probe.wait_for("/subscriber", 1)
    assert received.event == sent.with_extensions(**dict.fromkeys(ADDED_BY_BROKERS))
    assert received.headers["prefer"] == "reply"


def test_a_duplicate_is_counted_and_not_doubled(office: Client) -> None:
    again = {"knativeerrorcode": "503", "knativeerrordata": ""}
    bury(office, event("PostCreated", post_data(), **ADDED_BY_BROKERS))
    bury(office, event("PostCreated", post_data(), **again))
    [letter] = letters(office)
    assert (letter["failures"], letter["reason"], letter["said"]) == (2, "answered 503", "")
    assert letter["firstAt"] < letter["lastAt"]


def test_source_id_and_trigger_tell_letters_apart(office: Client) -> None:
    bury(office, event("PostCreated", post_data()))
    bury(office, event("PostCreated", post_data()), "other")
    bury(office, event("PostCreated", post_data(), id="event-2"))
    bury(office, event("PostCreated", post_data(), source="/elsewhere"))
    assert len(letters(office)) == 4
    assert [letter["trigger"] for letter in letters(office, trigger="other")] == ["other"]


def test_without_error_extensions_the_path_still_tells_the_trigger(office: Client) -> None:
    bury(office, event("PostCreated", post_data()))
    [letter] = letters(office)
    assert letter["trigger"] == TRIGGER
    assert letter["reason"] == "gave no answer that the broker could take"


@pytest.mark.parametrize("code", ["", "none", "½"])
@pytest.mark.parametrize("data", ["", "no base64", "A", "AAAA", "/w=="])
def test_strange_error_extensions_keep_no_letter_out(office: Client, code: str, data: str) -> None:
    bury(office, event("PostCreated", post_data(), knativeerrorcode=code, knativeerrordata=data))
    bury(office, event("PostCreated", 7, knativeerrorcode="422", knativeerrordata=data))
    assert [letter["failures"] for letter in letters(office)] == [2]


@pytest.mark.parametrize(
    "data", [b"", b"\xff\x00", b"no JSON", b"[]", b'{"postId": 7}', b'"\\u0000"']
)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", None])
def test_whatever_the_data_is_it_is_kept_and_delivered(
    office: Client, probe: Probe, data: bytes, kind: str | None
) -> None:
    sent = CloudEvent(id="1", source="/posts", type="t", data=data, datacontenttype=kind)
    bury(office, sent)
    assert office.get(f"/dead/{only_id(office)}").status_code == 200
    assert redrive(office).status_code == 200
    [received] = probe.wait_for("/subscriber", 1)
    assert received.event.data == data


def test_an_event_as_large_as_a_broker_takes_is_kept(office: Client) -> None:
    data = b'"' + b"x" * 1_000_000 + b'"'
    bury(office, CloudEvent(id="1", source="/s", type="t", data=data))
    assert letters(office)


def test_what_is_no_event_is_refused(office: Client) -> None:
    assert office.post(f"/dead/{TRIGGER}", data=b"{}").status_code == 400
    batch = "application/cloudevents-batch+json"
    assert office.post(f"/dead/{TRIGGER}", data=b"[]", content_type=batch).status_code == 415


def test_a_letter_of_a_trigger_that_no_manifest_has_is_kept_and_not_delivered(
    office: Client,
) -> None:
    bury(office, event("PostCreated", post_data(), **ADDED_BY_BROKERS), "renamed")
    [letter] = letters(office)
    assert letter["subscriber"] is None
    assert letter["reason"] == "no manifest has a Trigger renamed"
    assert (letter["waitsForPerson"], letter["nextAttemptIn"]) == (True, None)
    answer = redrive(office)
    assert answer.status_code == 422
    assert "no manifest has a Trigger renamed" in answer.text
    assert letters(office) == [letter]


def test_a_letter_whose_trigger_is_back_is_delivered(databases: Databases, probe: Probe) -> None:
    bury(still(databases), event("PostCreated", post_data(), **ADDED_BY_BROKERS))
    moments = count(step=0.5)
    env = {"DATABASE_URL": databases.url("dead_letters")}
    env["SUBSCRIBERS"] = f"{TRIGGER} {probe.url}/subscriber"
    office = client_of(build(env, clock=lambda: next(moments)))
    assert office.get("/healthz").status_code == 200
    probe.wait_for("/subscriber", 1)
    until(lambda: not letters(office))


@pytest.mark.parametrize(
    "code", ["", "404", "408", "429", "500", "503", "599", "9999", "-1", "200"]
)
def test_what_time_can_heal_is_tried_again_by_itself(office: Client, code: str) -> None:
    bury(office, event("PostCreated", post_data(), knativeerrorcode=code))
    [letter] = letters(office)
    assert (letter["waitsForPerson"], letter["nextAttemptIn"]) == (False, 1.0)


@pytest.mark.parametrize("code", ["301", "400", "401", "403", "405", "410", "413", "422", "499"])
def test_what_was_refused_for_good_waits_for_a_person(office: Client, code: str) -> None:
    bury(office, event("PostCreated", post_data(), knativeerrorcode=code))
    [letter] = letters(office)
    assert (letter["waitsForPerson"], letter["nextAttemptIn"]) == (True, None)


def test_the_last_failure_of_a_letter_decides(office: Client, probe: Probe) -> None:
    bury(office, event("PostCreated", post_data(), **ADDED_BY_BROKERS))
    bury(office, event("PostCreated", post_data(), knativeerrorcode="503"))
    assert not letters(office)[0]["waitsForPerson"]
    bury(office, event("PostCreated", post_data(), **ADDED_BY_BROKERS))
    assert letters(office)[0]["nextAttemptIn"] is None
    probe.script("/subscriber", Answer(500))
    redrive(office)
    assert letters(office)[0]["nextAttemptIn"] == 1.0


def test_status_tells_how_many_wait_for_whom_and_what_mends_it(office: Client) -> None:
    told = document(office.get("/status"))
    facts = {"deadLetters": {"waitingForPerson": 0, "retrying": 0}, "copies": {}}
    del told["database"]
    assert told == {"troubles": [], **facts}
    for number, code in enumerate(("422", "422", "400", "503")):
        bury(office, event("PostCreated", post_data(), id=str(number), knativeerrorcode=code))
    bury(office, event("PostCreated", post_data()), "renamed")
    told = document(office.get("/status"))
    assert told["deadLetters"] == {"waitingForPerson": 4, "retrying": 1}
    first, second = told["troubles"]
    assert (first["kind"], first["about"]) == ("letter-waits", TRIGGER)
    assert first["detail"].startswith(
        "3 dead letters wait for a person (2 answered 422, 1 answered 400): see them with"
        f" `blog dead --trigger {TRIGGER}`, mend"
    )
    assert (second["about"], "1 no manifest has" in second["detail"]) == ("renamed", True)


def test_status_tells_of_a_subscriber_that_takes_nothing_for_an_hour(
    databases: Databases, probe: Probe
) -> None:
    now, url = [0.0], f"{probe.url}/subscriber"
    env = {"DATABASE_URL": databases.url("dead_letters"), "SUBSCRIBERS": f"{TRIGGER} {url}"}
    office = client_of(build(env, clock=lambda: now[0]))
    probe.script("/subscriber", Answer(503))
    bury(office, event("PostCreated", post_data()))
    now[0] = 2.0
    until(lambda: letters(office)[0]["failures"] == 2)
    assert document(office.get("/status"))["troubles"] == []
    now[0] = 2 * 3_600.0
    [trouble] = document(office.get("/status"))["troubles"]
    assert (trouble["kind"], trouble["about"]) == ("letter-late", url)
    assert "no dead letter for 2 h" in trouble["detail"]


def fill(databases: Databases, trigger: str, *, refused: int) -> None:
    """Keep 9,999 letters of that Trigger."""
    with store.open_database({"DATABASE_URL": databases.url("dead_letters")}).transaction() as tx:
        tx.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
            " INSERT INTO dead_letters (id, trigger_name, post_id, attributes, data, reason, said,"
            " first_at, last_at, failures, refused) SELECT 'n' || i, ?, '', '{}', ?,"
            " 'answered 422', '', ?, ?, 1, ? FROM n",
            *(trigger, b"", NOW, NOW, refused),
        )


REFUSED = {"knativeerrorcode": "422"}


def test_ten_thousand_letters_of_a_trigger_wait_for_a_person_and_no_more(
    office: Client, databases: Databases
) -> None:
    assert letters(office) == []
    fill(databases, TRIGGER, refused=1)
    bury(office, event("PostCreated", post_data(), id="last", **REFUSED))
    more = event("PostCreated", post_data(), id="one too many", **REFUSED)
    answer = answer_to(office, more)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    bury(office, event("PostCreated", post_data(), id="last", **REFUSED))  # it is kept already
    bury(office, {**more, "knativeerrorcode": "503"})  # time heals it
    bury(office, more | {"id": "other"}, "other")
    assert document(office.get("/status"))["deadLetters"]["waitingForPerson"] == 10_001


@pytest.mark.parametrize(("trigger", "status"), [(TRIGGER, 202), ("renamed", 503)])
def test_what_time_heals_counts_only_while_its_trigger_is_gone(
    office: Client, databases: Databases, trigger: str, status: int
) -> None:
    assert letters(office) == []
    fill(databases, trigger, refused=0)
    bury(office, event("PostCreated", post_data(), id="last", **REFUSED), trigger)
    more = event("PostCreated", post_data(), id="one more", **REFUSED)
    assert answer_to(office, more, trigger).status_code == status


def test_a_name_that_no_trigger_can_have_is_refused(office: Client) -> None:
    bury(office, event("PostCreated", post_data()), "n" * 253)
    answer = answer_to(office, event("PostCreated", post_data()), "n" * 254)
    assert answer.status_code == 400


def test_an_order_to_deliver_waits_for_a_delivery_that_is_under_way(
    office: Client, databases: Databases, probe: Probe
) -> None:
    bury(office, event("PostCreated", post_data()))
    letter_id = only_id(office)
    database = Database(databases.url("dead_letters"), [])
    with database.transaction() as tx:
        assert turns.take_one(tx, "of another copy", letter_id)
    with ThreadPoolExecutor() as pool:
        ordered = pool.submit(office.post, f"/dead/{letter_id}/redrive")
        assert wait([ordered], timeout=0.2).not_done
        with database.transaction() as tx:
            store.forget(tx, letter_id)
        assert ordered.result(20).status_code == 404
    assert probe.received("/subscriber") == []
    database.close()


def test_a_new_letter_is_not_left_until_the_next_look(databases: Databases, probe: Probe) -> None:
    now = [0.0]
    env = {"DATABASE_URL": databases.url("dead_letters")}
    env["SUBSCRIBERS"] = f"{TRIGGER} {probe.url}/subscriber"
    office = client_of(build(env, clock=lambda: now[0]))
    bury(office, event("PostCreated", post_data(), id="first"))
    now[0] = 2.0
    bury(office, event("PostCreated", post_data(), id="second"))
    until(lambda: not letters(office))
    now[0] = 10.0
    bury(office, event("PostCreated", post_data(), id="third"))
    now[0] = 12.0  # long before the next look, and after the pause of an attempt that ends just now
    until(lambda: not letters(office))


def test_a_ping_makes_it_look_for_letters(databases: Databases, probe: Probe) -> None:
    now = [0.0]
    env = {"DATABASE_URL": databases.url("dead_letters")}
    env["SUBSCRIBERS"] = f"{TRIGGER} {probe.url}/subscriber"
    office = client_of(build(env, clock=lambda: now[0]))
    bury(office, event("PostCreated", post_data()))
    now[0] = 2.0
    ping = {"specversion": "1.0", "id": "1", "source": "/ping", "type": PING}
    assert send(office, ping).status_code == 202
    probe.wait_for("/subscriber", 1)


def test_a_store_that_is_down_makes_the_broker_keep_the_event(tmp_path: Path, probe: Probe) -> None:
    folder = tmp_path / "folder"
    folder.touch()
    office = an_office(Files(folder), probe)
    answer = answer_to(office, event("PostCreated", post_data()))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    folder.unlink()
    bury(office, event("PostCreated", post_data()))


def test_the_list_has_pages(office: Client) -> None:
    for number in range(5):
        bury(office, event("PostCreated", post_data(), id=f"event-{number}"))
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = document(office.get("/dead", query_string={"limit": "2", "cursor": cursor}))
        found += [letter["event"]["id"] for letter in answer["deadLetters"]]
        cursor = answer["next"]
    assert found == [f"event-{number}" for number in range(5)]


def test_a_letter_that_was_delivered_is_gone(office: Client) -> None:
    bury(office, event("PostCreated", post_data()))
    gone = only_id(office)
    assert redrive(office).json == {"id": gone, "delivered": True}
    assert letters(office) == []
    assert office.post(f"/dead/{gone}/redrive").status_code == 404


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        (Answer(503, body=b"later\0"), "answered 503", "later"),
        (Answer(301, {"location": "/elsewhere"}), "answered 301", ""),
        (Answer(200, body=b"OK"), "answered 200 with a body that is no event", "no ce-spec"),
        (Answer(200, {"ce-specversion": "1.0"}), "answered 200 with a body that is no event", "id"),
    ],
    ids=["503", "a redirect", "a body that is no event", "a reply that is no event"],
)
def test_a_letter_that_fails_again_is_kept_and_counted(
    office: Client, probe: Probe, answer: Answer, reason: str, said: str
) -> None:
    probe.script("/subscriber", answer)
    bury(office, event("PostCreated", post_data(), **ADDED_BY_BROKERS))
    failed = redrive(office)
    assert (failed.status_code, failed.content_type) == (502, "application/problem+json")
    assert reason in document(failed)["detail"]
    assert said in document(failed)["said"]
    [letter] = letters(office)
    assert (letter["failures"], letter["reason"]) == (2, reason)
    assert said in letter["said"]
    assert "\0" not in letter["said"]  # PostgreSQL keeps no such text
    assert "text" in json.dumps(document(office.get(f"/dead/{letter['id']}")))


def test_a_subscriber_that_is_not_there_fails_too(databases: Databases) -> None:
    office = still(databases, SUBSCRIBERS=f"{TRIGGER} http://127.0.0.1:1/")
    bury(office, event("PostCreated", post_data()))
    assert "gave no answer" in redrive(office).text
    assert letters(office)[0]["failures"] == 2


def a_reply() -> CloudEvent:
    return CloudEvent(
        id="c1",
        source="/moderation",
        type="CommentModerated",
        datacontenttype="application/json",
        data=json.dumps(judgement()).encode(),
        extensions={"partitionkey": "p1"},
    )


def test_a_reply_goes_to_the_broker_with_the_ttl_of_the_event(office: Client, probe: Probe) -> None:
    headers, body = write_binary(a_reply())
    probe.script("/subscriber", Answer(200, headers, body))
    bury(office, event("CommentCreated", comment_data(), **ADDED_BY_BROKERS))
    assert redrive(office).status_code == 200
    [published] = probe.wait_for("/broker", 1)
    assert published.event == a_reply().with_extensions(knativebrokerttl="250")
    assert letters(office) == []


def test_a_reply_that_cannot_be_published_keeps_the_letter(office: Client, probe: Probe) -> None:
    headers, body = write_binary(a_reply())
    probe.script("/subscriber", Answer(200, headers, body))
    probe.script("/broker", Answer(500), Answer(202))
    bury(office, event("CommentCreated", comment_data()))
    assert redrive(office).status_code == 502
    assert letters(office)[0]["reason"] == "replied, but not published"
    assert redrive(office).status_code == 200
    assert letters(office) == []


def test_a_reply_that_the_broker_refuses_for_good_waits_for_a_person(
    office: Client, probe: Probe
) -> None:
    headers, body = write_binary(a_reply())
    probe.script("/subscriber", Answer(200, headers, body))
    probe.script("/broker", Answer(413))
    bury(office, event("CommentCreated", comment_data()))
    assert redrive(office).status_code == 502
    [letter] = letters(office)
    assert letter["reason"] == "replied, and the broker refused the reply: answered 413"
    assert (letter["waitsForPerson"], letter["nextAttemptIn"]) == (True, None)


def test_without_a_broker_a_reply_keeps_the_letter(databases: Databases, probe: Probe) -> None:
    headers, body = write_binary(a_reply())
    probe.script("/subscriber", Answer(200, headers, body))
    office = an_office(databases, probe)
    bury(office, event("CommentCreated", comment_data()))
    assert "K_SINK is not set" in redrive(office).text
    assert len(letters(office)) == 1


def test_all_of_a_trigger_are_delivered_and_those_that_fail_stay(
    office: Client, probe: Probe
) -> None:
    for number in range(3):
        bury(office, event("PostCreated", post_data(), id=f"event-{number}"))
    bury(office, event("PostCreated", post_data()), "other")
    probe.script("/subscriber", Answer(202), Answer(422), Answer(202))
    answer = office.post(f"/dead/redrive?trigger={TRIGGER}")
    assert answer.json == {"delivered": 2, "failed": 1, "left": 1}
    assert [letter["trigger"] for letter in letters(office)] == [TRIGGER, "other"]
    again = office.post(f"/dead/redrive?trigger={TRIGGER}")
    assert again.json == {"delivered": 1, "failed": 0, "left": 0}


def test_to_deliver_all_a_trigger_has_to_be_named(office: Client) -> None:
    assert office.post("/dead/redrive").status_code == 422


def test_what_failed_longest_ago_is_delivered_first(office: Client, probe: Probe) -> None:
    for number in range(3):
        bury(office, event("PostCreated", post_data(), id=f"event-{number}"))
    bury(office, event("PostCreated", post_data(), id="event-0"))
    office.post(f"/dead/redrive?trigger={TRIGGER}")
    order = [received.event.id for received in probe.wait_for("/subscriber", 3)]
    assert order == ["event-1", "event-2", "event-0"]


def discard(office: Client, letter_id: str, reason: object = "sent by mistake") -> TestResponse:
    return office.post(f"/dead/{letter_id}/discard", json={"reason": reason})


def test_a_discarded_letter_keeps_ids_and_reason_and_no_text(
    office: Client, databases: Databases
) -> None:
    bury(office, event("PostCreated", post_data(title="Secret"), **ADDED_BY_BROKERS))
    letter_id = only_id(office)
    assert document(discard(office, letter_id))["discarded"] == "sent by mistake"
    assert letters(office) == []
    [record] = letters(office, discarded="true")
    assert (record["event"]["id"], record["reason"]) == ("event-1", "answered 422")
    assert "data" not in document(office.get(f"/dead/{letter_id}"))["event"]
    kept = databases.dump("dead_letters")
    assert "Secret" not in kept
    assert b"Secret".hex() not in kept.lower()
    assert "detail" not in kept


def test_a_discarded_letter_that_comes_again_is_counted_and_stays_discarded(
    office: Client, databases: Databases
) -> None:
    bury(office, event("PostCreated", post_data()))
    letter_id = only_id(office)
    discard(office, letter_id)
    bury(office, event("PostCreated", post_data(title="Secret"), **ADDED_BY_BROKERS))
    assert letters(office) == []
    assert letters(office, discarded="true")[0]["failures"] == 2
    assert "detail" not in databases.dump("dead_letters")
    assert "was discarded" in office.post(f"/dead/{letter_id}/redrive").text
    assert document(discard(office, letter_id, "again"))["discarded"] == "sent by mistake"


@pytest.mark.parametrize("reason", [None, 7, "", "  ", "x" * 501, "a\0b"])
def test_a_letter_is_discarded_for_a_reason_only(office: Client, reason: object) -> None:
    bury(office, event("PostCreated", post_data()))
    assert discard(office, only_id(office), reason).status_code == 422
    assert len(letters(office)) == 1


def test_what_is_not_there_cannot_be_shown_delivered_or_discarded(office: Client) -> None:
    assert office.get("/dead/none").status_code == 404
    assert office.post("/dead/none/redrive").status_code == 404
    assert discard(office, "none").status_code == 404


ABOUT_THE_POST: list[Document] = [
    event("PostCreated", post_data(title="Secret")),
    event("PostUpdated", post_data(body="Secret"), id="event-2"),
    event("CommentCreated", comment_data(content="Secret"), id="event-3"),
    event("CommentUpdated", comment_data(author="Secret", version=2), id="event-4"),
    event("CommentCreated", ["Secret"], id="event-5", partitionkey="p1"),
    event("CommentCreated", {"postId": 7, "content": "Secret"}, id="event-6", partitionkey="p1"),
]


def delete_post(office: Client) -> None:
    answer = send(office, event("PostDeleted", {"id": "p1", "version": 2}, id="p1.2"))
    assert (answer.status_code, answer.data) == (202, b"")


@pytest.mark.parametrize("early", [True, False], ids=["deleted before", "deleted after"])
def test_no_text_of_a_deleted_post_is_kept_whenever_its_letters_come(
    office: Client, databases: Databases, *, early: bool
) -> None:
    said = {**ADDED_BY_BROKERS, "knativeerrordata": base64.b64encode(b"Secret").decode()}
    if early:
        delete_post(office)
    for about in ABOUT_THE_POST:
        bury(office, {**about, **said})
    bury(office, event("PostCreated", post_data(id="p2", title="Kept"), id="event-7"))
    if not early:
        delete_post(office)
    kept = databases.dump("dead_letters").lower()
    assert "secret" not in kept
    assert b"Secret".hex() not in kept
    assert said["knativeerrordata"].lower() not in kept
    assert [letter["event"]["id"] for letter in letters(office)] == ["event-7"]
    discarded = letters(office, discarded="true")
    assert {letter["event"]["id"] for letter in discarded} == {
        each["id"] for each in ABOUT_THE_POST
    }
    assert {letter["discarded"] for letter in discarded} == {"its post has been deleted"}


@pytest.fixture
def deleted(databases: Databases) -> Iterator[tuple[Copy, str]]:
    """The copy of which posts are deleted, and a post that is, which nobody has told it."""
    with ExitStack() as life:
        posts = client("posts", databases)
        post_id = posts.post("/posts", json={"title": "Secret"}).json["id"]  # type: ignore[index]
        assert posts.delete(f"/posts/{post_id}").status_code == 204
        database = store.open_database({"DATABASE_URL": databases.url("dead_letters")})
        life.callback(database.close)
        feed = Peer("posts", life.enter_context(served(posts)))
        yield Copy(DELETED_POSTS, database, [feed]), post_id


def test_a_deletion_that_was_lost_is_taken_from_the_history(
    office: Client, databases: Databases, deleted: tuple[Copy, str]
) -> None:
    copy, post_id = deleted
    bury(office, event("PostCreated", post_data(id=post_id, title="Secret"), id="before"))
    bury(office, event("PostCreated", post_data(id="p2", title="Kept"), id="another"))
    copy.upkeep().round()
    bury(office, event("PostUpdated", post_data(id=post_id, title="Secret"), id="after"))
    kept = databases.dump("dead_letters").lower()
    assert "secret" not in kept
    assert b"Secret".hex() not in kept
    assert [letter["event"]["id"] for letter in letters(office)] == ["another"]
    assert copy.check() == []


def test_what_was_restored_is_deleted_no_more(office: Client, deleted: tuple[Copy, str]) -> None:
    copy, _ = deleted
    delete_post(office)
    assert copy.check() != []  # no history tells of it
    copy.rebuild()
    bury(office, event("PostCreated", post_data()))
    assert [letter["event"]["id"] for letter in letters(office)] == ["event-1"]


def test_posts_that_an_earlier_version_knew_to_be_deleted_stay_so(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/dead_letters.db"
    earlier = tmp_path / "dead_letters" / "migrations"
    earlier.mkdir(parents=True)
    for file in sorted(store.MIGRATIONS.glob("*.sql"))[:2]:
        shutil.copy(file, earlier)
    database = Database(url, [earlier])
    with database.transaction() as tx:
        tx.execute("INSERT INTO posts (id, deleted) VALUES ('p1', 1), ('p2', 0)")
    database.close()
    office = client_of(build({"DATABASE_URL": url}))
    for number in ("1", "2"):
        bury(office, event("PostCreated", post_data(id=f"p{number}"), id=number))
    assert [letter["event"]["id"] for letter in letters(office)] == ["2"]


def test_a_deletion_that_missed_its_subscriber_outlives_the_post(
    office: Client, probe: Probe
) -> None:
    missed = event("PostDeleted", {"id": "p1", "version": 2}, id="p1.2", partitionkey="p1")
    bury(office, missed)
    delete_post(office)
    assert redrive(office).status_code == 200
    [received] = probe.wait_for("/subscriber", 1)
    assert json.loads(received.event.data) == {"id": "p1", "version": 2}


def test_the_bytes_of_a_blanked_text_leave_the_file(tmp_path: Path, probe: Probe) -> None:
    office = an_office(Files(tmp_path), probe)
    bury(office, event("PostCreated", post_data(body="a text that must not stay " * 2_000)))
    delete_post(office)
    with sqlite3.connect(tmp_path / "dead_letters.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert not [file for file in tmp_path.iterdir() if b"must not stay" in file.read_bytes()]


@pytest.mark.parametrize("text", ["one-word", "three words here", "\n"])
def test_subscribers_that_cannot_be_read_end_the_start(text: str) -> None:
    with pytest.raises(SubscribersUnreadable, match="SUBSCRIBERS must have a line for each"):
        build({"SUBSCRIBERS": text})


def test_the_log_line_of_a_dead_letter_tells_no_text(
    office: Client, probe: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bury(office, event("PostCreated", post_data(title="Secret"), correlationid="c"))
    probe.script("/subscriber", Answer(500, body=b"Secret"))
    redrive(office)
    fields: list[dict[str, Any]] = [vars(record)["fields"] for record in caplog.records]
    assert [line.get("type") for line in fields] == ["PostCreated", None, None]
    assert fields[-1]["trigger"] == TRIGGER
    assert "Secret" not in str(fields)
