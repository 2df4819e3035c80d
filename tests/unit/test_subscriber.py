"""Events at a function: what is taken, answered and refused before its own code sees it."""

import json
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from eventing.call import EVENT_LIMIT
from eventing.cloudevent import BATCH, STRUCTURED, CloudEvent, read_event, write_binary
from eventing.subscriber import PING
from tests.unit.adapted import TAKEN, Note, client

MEMBERS = {"specversion": "1.0", "id": "1", "source": "/notes", "type": "NoteWritten"}
NOTE = b'{"id":"n1"}'


@pytest.fixture
def function(tmp_path: Path) -> Client:
    return client(tmp_path)


def send(function: Client, data: bytes = NOTE, **attributes: str) -> TestResponse:
    """Deliver an event in binary mode."""
    every = {**MEMBERS, **attributes}
    content_type = every.pop("datacontenttype", "application/json")
    headers = {f"ce-{name}": value for name, value in every.items()}
    return function.post("/", data=data, headers={**headers, "content-type": content_type})


def send_structured(function: Client, **members: object) -> TestResponse:
    """Deliver an event in structured mode."""
    body = json.dumps({**MEMBERS, "data": json.loads(NOTE), **members})
    return function.post("/", data=body, content_type=STRUCTURED)


def refused(answer: TestResponse) -> int:
    """The status of a refusal that was made before the function's own code."""
    assert answer.content_type == "application/problem+json"
    assert answer.json
    assert answer.json["status"] == answer.status_code
    assert TAKEN.events == []
    return answer.status_code


def test_an_event_is_taken_with_its_data_and_no_more_is_said(function: Client) -> None:
    answer = send(function, b'{"id":"n1","text":"\xc3\xa9","unknown":1}', subject="n%201")

    assert (answer.status_code, answer.data) == (202, b"")
    [(event, note)] = TAKEN.events
    assert note == Note(id="n1", text="é")
    assert (event.subject, event.data) == ("n 1", b'{"id":"n1","text":"\xc3\xa9","unknown":1}')


def test_an_event_in_structured_mode_is_the_same(function: Client) -> None:
    assert send(function, tenant="a").status_code == 202
    assert send_structured(function, tenant="a").status_code == 202

    (binary, _), (structured, _) = TAKEN.events
    assert binary == structured


def test_an_event_without_a_content_type_is_json(function: Client) -> None:
    headers = write_binary(CloudEvent(id="1", source="/notes", type="NoteWritten"))[0]

    assert function.post("/", data=NOTE, headers=headers).status_code == 202
    assert len(TAKEN.events) == 1


@pytest.mark.parametrize("attributes", [{"type": "Other"}, {"source": "/other"}])
def test_an_event_that_nobody_subscribed_to_is_taken(
    function: Client, attributes: dict[str, str]
) -> None:
    answer = send(function, b"no JSON", **attributes)

    assert (answer.status_code, answer.data) == (202, b"")
    assert TAKEN.events == []


def test_a_ping_sweeps(function: Client) -> None:
    answer = send(function, b"{}", type=PING, source="/apis/v1/namespaces/blog/pingsources/sweep")

    assert (answer.status_code, answer.data) == (202, b"")
    assert TAKEN.sweeps == 1


def test_a_reply_is_one_event_in_binary_mode(function: Client) -> None:
    answer = send(function, type="NoteAsked", id="7")

    assert answer.status_code == 200
    assert read_event(dict(answer.headers), answer.data) == CloudEvent(
        id="re-7",
        source="/notes",
        type="NoteAnswered",
        subject="é",
        datacontenttype="application/json",
        data=NOTE,
        extensions={"causationid": "7"},
    )


NO_EVENT: dict[str, dict[str, str]] = {
    "no id": {"id": ""},
    "another specversion": {"specversion": "0.3"},
    "a bad time": {"time": "yesterday"},
    "a control character": {"subject": "%00"},
    "a bad attribute name": {"tenant-id": "a"},
}


@pytest.mark.parametrize("attributes", NO_EVENT.values(), ids=NO_EVENT)
def test_what_is_no_valid_event_gets_400_for(function: Client, attributes: dict[str, str]) -> None:
    assert refused(send(function, NOTE, **attributes)) == 400


BODIES = {
    "plain JSON": (NOTE, "application/json"),
    "a form": (b"id=1", "application/x-www-form-urlencoded"),
    "half a structured event": (b"{", STRUCTURED),
    "an unknown format": (b"<event/>", "application/cloudevents+xml"),
    "a name that nothing can say": (b'{"\\ud800":[]}', STRUCTURED),
}


@pytest.mark.parametrize(("body", "content_type"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_event_gets_400(function: Client, body: bytes, content_type: str) -> None:
    assert refused(function.post("/", data=body, content_type=content_type)) == 400


def test_a_batch_gets_415(function: Client) -> None:
    body = json.dumps([MEMBERS])

    assert refused(function.post("/", data=body, content_type=BATCH)) == 415


WRONG_DATA = {
    "none": b"",
    "no JSON": b"{",
    "NaN": b'{"id":NaN}',
    "bytes that are not UTF-8": b'{"id":"\xff"}',
    "no object": b"[]",
    "null": b"null",
    "a member missing": b'{"text":"a"}',
    "a member of another type": b'{"id":1}',
    "a member out of bounds": b'{"id":""}',
    "a NUL in a text": b'{"id":"a\\u0000"}',
    "a lone surrogate": b'{"id":"\\ud800"}',
    "a NUL in what it does not know": b'{"id":"n1","unknown":["\\u0000"]}',
}


@pytest.mark.parametrize("data", WRONG_DATA.values(), ids=WRONG_DATA)
def test_wrong_data_gets_422(function: Client, data: bytes) -> None:
    answer = send(function, data)

    assert refused(answer) == 422
    assert answer.json
    assert answer.json["errors"]


def test_data_that_is_not_json_gets_422(function: Client) -> None:
    assert refused(send(function, datacontenttype="text/plain")) == 422


@pytest.mark.parametrize("depth", range(40, 1200, 40))
def test_no_depth_of_nesting_fails(function: Client, depth: int) -> None:
    data = b'{"id":"n1","unknown":' + b"[" * depth + b"]" * depth + b"}"
    event = json.dumps(MEMBERS).encode()[:-1] + b',"data":' + data + b"}"

    statuses = {
        send(function, data).status_code,
        function.post("/", data=event, content_type=STRUCTURED).status_code,
    }

    assert statuses <= {202, 400, 422}


def test_an_event_may_be_a_mebibyte(function: Client) -> None:
    text = b"a" * (EVENT_LIMIT - len(b'{"id":"n1","text":""}'))
    assert send(function, b'{"id":"n1","text":"' + text + b'"}').status_code == 202

    TAKEN.events.clear()
    assert refused(send(function, b'{"id":"n1","text":"' + text + b'a"}')) == 413


def test_a_database_that_is_away_asks_for_another_attempt(function: Client) -> None:
    answer = send(function, type="NoteBroken", id="away")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"


def test_a_failure_asks_for_another_attempt_and_keeps_its_reason(function: Client) -> None:
    answer = send(function, type="NoteBroken", id="broken")

    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert b"ZeroDivision" not in answer.data


@pytest.mark.parametrize("path", ["/notes", "/healthz", "/notes/1"])
def test_an_event_is_an_event_at_the_root_only(function: Client, path: str) -> None:
    headers, body = write_binary(CloudEvent(id="1", source="/notes", type="NoteWritten", data=NOTE))

    function.post(path, data=body, headers={**headers, "content-type": "application/json"})

    assert TAKEN.events == []
