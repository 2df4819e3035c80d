"""Events as nobody should send them, at each function's own door: refused, or without effect."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from eventing.call import EVENT_LIMIT
from tests.databases import Databases, NewDatabases
from tests.integration.blog import (
    STRUCTURED,
    SUBSCRIBERS,
    Blog,
    comment_data,
    event,
    judgement,
    post_data,
    send,
)

BATCH = "application/cloudevents-batch+json"
HARMLESS = {202, 400, 413, 415, 422}
DATA = {
    "PostCreated": post_data(id="new"),
    "PostUpdated": post_data(id="new"),
    "PostDeleted": {"id": "new", "version": 9},
    "CommentCreated": comment_data(id="new"),
    "CommentModerated": judgement(id="new"),
    "CommentUpdated": comment_data(id="new"),
}
DEEP = "[" * 100_000 + "]" * 100_000
HUGE = "9" * 10_000


class Attacked(Blog):
    """A blog with something to lose: a post, a pending comment and a decided one."""

    def __init__(self, databases: Databases) -> None:
        super().__init__(databases)
        self.databases = databases
        self.post = self.write_post(title="A title", body="Text")["id"]
        self.settle()
        self.decided = self.write_comment(self.post, content="Well said")["id"]
        self.settle()
        self.pending = self.write_comment(self.post, content="Not judged yet")["id"]

    def kept(self) -> dict[str, list[str]]:
        """Everything in every database."""
        return {name: sorted(self.databases.dump(name).split("\n")) for name in self.functions}

    def everywhere(self, sent: object, content_type: str = STRUCTURED) -> Iterator[TestResponse]:
        """The answers of all functions to one event."""
        body = sent if isinstance(sent, str | bytes) else json.dumps(sent)
        for function in self.functions.values():
            yield function.post("/", data=body, content_type=content_type)


@pytest.fixture(scope="module")
def blog(new_databases: NewDatabases) -> Iterator[Attacked]:
    with new_databases() as databases:
        yield Attacked(databases)


@pytest.fixture
def unharmed(blog: Attacked) -> Iterator[Attacked]:
    """The blog, which must be afterwards what it was before."""
    before = blog.kept()
    yield blog
    assert blog.kept() == before


SOUND = event("PostDeleted", {"id": "new", "version": 9})
NO_EVENTS: dict[str, object] = {
    "no id": {**SOUND, "id": None},
    "an empty id": {**SOUND, "id": ""},
    "an id that is an object": {**SOUND, "id": {}},
    "a number beyond 32 bits": {**SOUND, "extension": 2**31},
    "a fraction": {**SOUND, "extension": 1.5},
    "no source": {**SOUND, "source": None},
    "a source with a space": {**SOUND, "source": "/po sts"},
    "no type": {**SOUND, "type": None},
    "no version": {**SOUND, "specversion": None},
    "version 0.3": {**SOUND, "specversion": "0.3"},
    "version 1.1": {**SOUND, "specversion": "1.1"},
    "version 1 as a number": {**SOUND, "specversion": 1},
    "a time that is none": {**SOUND, "time": "yesterday"},
    "a name in capitals": {**SOUND, "Extension": "x"},
    "a NUL in an attribute": {**SOUND, "subject": "a\0b"},
    "a surrogate in an attribute": {**SOUND, "subject": "\ud800"},
    "a line break in an attribute": {**SOUND, "subject": "a\r\nce-type: x"},
    "data twice": {**SOUND, "data_base64": ""},
    "data that is no base64": {**SOUND, "data": None} | {"data_base64": "%"},
    "nothing": b"",
    "a list": [SOUND],
    "a text": '"event"',
    "no JSON": b"{",
    "NaN": json.dumps(SOUND).replace("9", "NaN"),
    "a number without end": json.dumps(SOUND).replace("9", HUGE),
    "a number that is infinite": json.dumps(SOUND).replace("9", "1e999"),
    "nested without end": json.dumps(SOUND).replace("9", DEEP),
    "nested deeper than anybody needs": json.dumps(SOUND).replace("9", "[" * 100 + "]" * 100),
    "UTF-16": json.dumps(SOUND).encode("utf-16"),
    "bytes that are no UTF-8": json.dumps(SOUND).encode().replace(b"new", b"\xff"),
}


@pytest.mark.parametrize("name", NO_EVENTS)
def test_what_is_no_event_is_400_at_every_function(unharmed: Attacked, name: str) -> None:
    assert {answer.status_code for answer in unharmed.everywhere(NO_EVENTS[name])} == {400}


def test_batches_unknown_formats_and_too_much_have_answers_of_their_own(unharmed: Attacked) -> None:
    too_large = {**SOUND, "data": "x" * EVENT_LIMIT}
    for sent, content_type, status in (
        ([SOUND], BATCH, 415),
        (SOUND, "application/cloudevents+avro", 400),
        (SOUND, "application/json", 400),
        (too_large, STRUCTURED, 413),
    ):
        answers = unharmed.everywhere(sent, content_type)
        assert {answer.status_code for answer in answers} == {status}


NOBODYS: list[Any] = [None, True, -1, 0, 1.5, 2**53, 10**400, 1e308, "", "x" * 65, "a\0", "\ud800"]
NOBODYS += [[], {}, ["x"], {"id": "x"}]
FREE_TEXT = {"title", "body", "content", "author", "reason"}


@pytest.mark.parametrize("kind", SUBSCRIBERS)
def test_data_without_a_member_or_with_a_wrong_one_is_422_where_it_is_read(
    unharmed: Attacked, kind: str
) -> None:
    known = DATA[kind]
    wrong: list[object] = [None, [], "text", 1, [known], "x" * 1_000]
    wrong += [{k: v for k, v in known.items() if k != name} for name in known if name != "reason"]
    wrong += [{**known, name: value} for name in known.keys() - FREE_TEXT for value in NOBODYS]
    for data in wrong:
        for name, function in unharmed.functions.items():
            status = send(function, event(kind, data)).status_code
            assert status == (422 if name in SUBSCRIBERS[kind] else 202), (name, data)


@pytest.mark.parametrize("kind", SUBSCRIBERS)
def test_data_that_is_no_json_is_422_where_it_is_read(unharmed: Attacked, kind: str) -> None:
    headers = {f"ce-{name}": str(value) for name, value in event(kind, 0).items() if name != "data"}
    for data in (b"", b"{", b"\xff", DEEP.encode(), HUGE.encode(), b"<post/>"):
        for content_type in ("application/json", "text/xml", "application/octet-stream"):
            for name, function in unharmed.functions.items():
                answer = function.post("/", data=data, headers=headers, content_type=content_type)
                assert answer.status_code == (422 if name in SUBSCRIBERS[kind] else 202)


def test_a_verdict_that_concerns_no_pending_comment_changes_nothing(unharmed: Attacked) -> None:
    post, pending, decided = unharmed.post, unharmed.pending, unharmed.decided
    for data in (
        judgement(id="nobody-has-it"),
        judgement(id=pending, postId="another"),
        judgement(id=post, postId=post),
        judgement(id=decided, postId=post, status="rejected", reason="word-list"),
    ):
        sent = event("CommentModerated", data)
        assert send(unharmed.functions["comments"], sent).status_code == 202


@pytest.mark.parametrize("kind", SUBSCRIBERS)
def test_an_event_from_another_source_is_nobodys(unharmed: Attacked, kind: str) -> None:
    for source in ("/outside", "/POSTS", "/posts/", "posts", "urn:/posts"):
        answers = unharmed.everywhere(event(kind, DATA[kind], source=source))
        assert {answer.status_code for answer in answers} == {202}


def test_an_event_anywhere_but_at_the_root_is_an_ordinary_request(unharmed: Attacked) -> None:
    removal = event("PostDeleted", {"id": unharmed.post, "version": 9})
    binary = {f"ce-{name}": str(value) for name, value in removal.items() if name != "data"}
    for function in unharmed.functions.values():
        for path in ("/posts", f"/posts/{unharmed.post}", f"/posts/{unharmed.post}/comments"):
            answer = function.post(path, data=json.dumps(removal), content_type=STRUCTURED)
            assert answer.status_code in (404, 405, 415)
            answer = function.post(path, json=removal["data"], headers=binary)
            assert answer.status_code in (404, 405, 422)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
def test_no_event_whatever_fails_anywhere(blog: Attacked, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([*SUBSCRIBERS, "unknown", ""]))
    sent = {**event("PostCreated", DATA.get(kind)), "type": kind, "id": data.draw(st.text())}
    for name in data.draw(st.sets(st.sampled_from([*sent, "time", "dataschema", "x"]), max_size=2)):
        sent[name] = data.draw(ANY_JSON)
    if isinstance(sent["data"], dict) and data.draw(st.booleans()):
        name = data.draw(st.sampled_from([*sent["data"], "unknown"]) if sent["data"] else st.text())
        sent["data"] = {**sent["data"], name: data.draw(ANY_JSON)}
    statuses = {answer.status_code for answer in blog.everywhere(sent)}
    assert statuses <= HARMLESS | {200}
