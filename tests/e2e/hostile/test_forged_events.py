"""Events from people who may send none, through every public door and through the broker."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.e2e.hostile.outsider import API, AUTHOR, Outsider, broker_status, document
from tests.e2e.running import BROKER, RunningBlog, eventually
from tests.integration.blog import comment_data, event, judgement, post_data

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS")
INSIDE = ("/", "/healthz", "/events", "/dead", "/dead/redrive", "/dead/query-post-created")


@dataclass(frozen=True)
class Target:
    """A post with a comment that is approved and one that is rejected."""

    post: str
    approved: str
    rejected: str

    def forged(self) -> list[dict[str, Any]]:
        """Events that would do harm if anybody took them for real."""
        return [
            event("PostDeleted", {"id": self.post, "version": 99}),
            event("PostUpdated", post_data(id=self.post, title="Forged", version=99)),
            event("PostCreated", post_data(id="forged", title="Forged")),
            event("CommentModerated", judgement(id=self.rejected, postId=self.post)),
            event("CommentUpdated", self.comment(self.rejected, status="approved")),
            event("CommentCreated", self.comment("forged", status="approved")),
        ]

    def comment(self, identifier: str, **changes: object) -> dict[str, Any]:
        return comment_data(id=identifier, postId=self.post, version=99, **changes)


@pytest.fixture(scope="module")
def target(outsider: Outsider) -> Target:
    post = outsider.write_post("A title", "Text")
    approved, rejected = (outsider.write_comment(post, text) for text in ("Good", "An orange"))
    found = Target(post, approved, rejected)
    eventually(lambda: [one["status"] for one in seen(outsider, found)[1:]] == STATUSES)
    return found


STATUSES = ["approved", "approved", "rejected"]  # the first comment made the post known


def seen(outsider: Outsider, target: Target) -> list[dict[str, Any]]:
    """The post and its comments, as everybody reads them."""
    post = document(outsider.described("GET", f"/posts/{target.post}"))
    return [{**post, "comments": len(post["comments"])}, *post["comments"]]


@pytest.fixture
def unharmed(outsider: Outsider, target: Target, guarded: RunningBlog) -> Iterator[Target]:
    """What everybody reads, which must be afterwards what it was before."""
    before = seen(outsider, target), posts(outsider)
    yield target
    eventually(lambda: is_quiet(guarded.port + BROKER))
    assert (seen(outsider, target), posts(outsider)) == before


def posts(outsider: Outsider) -> list[str]:
    page = document(outsider.described("GET", "/posts?limit=100"))
    return [post["title"] for post in page["posts"]]


def is_quiet(broker: int) -> bool:
    triggers = broker_status(broker)["triggers"].values()
    return not any(counts["waiting"] or counts["retrying"] for counts in triggers)


def binary(sent: Mapping[str, Any]) -> dict[str, str]:
    """The headers of an event in binary mode."""
    return {f"ce-{name}": str(value) for name, value in sent.items() if name != "data"}


@pytest.mark.parametrize("method", METHODS)
def test_an_event_at_a_public_path_is_an_ordinary_request(
    outsider: Outsider, unharmed: Target, method: str
) -> None:
    ids = {"{id}": unharmed.post, "{commentId}": unharmed.rejected}
    for path, item in API.document["paths"].items():
        where = "/".join(ids.get(part, part) for part in path.split("/"))
        for forged in unharmed.forged():
            ask = outsider.described if method.lower() in item else outsider.ask
            structured = ask(method, where, forged, {"Content-Type": STRUCTURED})
            batch = ask(method, where, [forged], {"Content-Type": BATCH})
            read = method in ("GET", "HEAD") and "get" in item
            writes = "security" in item.get(method.lower(), {})
            expected = 200 if read else 401 if writes else 415 if method.lower() in item else 405
            assert structured.status == batch.status == expected, (where, structured)
            alone = ask(method, where, b"", binary(forged))
            assert alone.status == expected, (where, alone)


@pytest.mark.parametrize("path", INSIDE)
def test_no_door_for_events_is_public(outsider: Outsider, unharmed: Target, path: str) -> None:
    for forged in unharmed.forged():
        for prefix in ("", "/../", "/posts/../..", "/%2e%2e"):
            headers = {**AUTHOR, **binary(forged), "Content-Type": "application/json"}
            answer = outsider.ask("POST", f"{prefix}{path}", forged["data"], headers)
            assert answer.status in (400, 404, 405), (prefix, path, answer)


def publish(broker: int, headers: Mapping[str, str], body: bytes) -> int:
    with closing(HTTPConnection("127.0.0.1", broker, timeout=20)) as connection:
        connection.request("POST", "/blog/default", body, dict(headers))
        return connection.getresponse().status


WRONG_DATA: dict[str, bytes] = {
    "no data": b"",
    "an empty object": b"{}",
    "a list": b"[]",
    "no JSON": b"{",
    "no UTF-8": b"\xff\xfe",
    "a number without end": b'{"id": "p1", "version": ' + b"9" * 100_000 + b"}",
    "an infinite number": b'{"id": "p1", "version": 1e999}',
    "nested without end": b"[" * 100_000 + b"]" * 100_000,
    "an id that is no text": b'{"id": {"$ne": null}, "version": 1}',
    "a NUL": b'{"id": "a\\u0000b", "version": 1}',
}
KINDS = ("PostCreated", "PostUpdated", "PostDeleted", "CommentCreated", "CommentModerated")


@pytest.mark.parametrize("name", WRONG_DATA)
def test_wrong_data_goes_through_the_broker_and_has_no_effect(
    guarded: RunningBlog, unharmed: Target, name: str
) -> None:
    assert unharmed
    for kind in KINDS:
        headers = binary(event(kind, None, id=f"wrong {name}"))
        for content_type in ("application/json", "text/plain"):
            given = {**headers, "Content-Type": content_type}
            assert publish(guarded.port + BROKER, given, WRONG_DATA[name]) == 202


def test_a_verdict_for_a_comment_that_nobody_has_is_taken_and_changes_nothing(
    guarded: RunningBlog, unharmed: Target
) -> None:
    for data in (
        judgement(id="nobody-has-it", postId=unharmed.post),
        judgement(id=unharmed.rejected, postId="another"),
        judgement(id=unharmed.rejected, postId=unharmed.post),
        judgement(id=unharmed.approved, postId=unharmed.post, status="rejected", reason="x"),
    ):
        sent = json.dumps(event("CommentModerated", data)).encode()
        assert publish(guarded.port + BROKER, {"Content-Type": STRUCTURED}, sent) == 202


SOUND = event("PostDeleted", {"id": "new", "version": 9})
REFUSED: dict[str, tuple[str, object]] = {
    "no type": (STRUCTURED, {**SOUND, "type": None}),
    "version 0.3": (STRUCTURED, {**SOUND, "specversion": "0.3"}),
    "version 2.0": (STRUCTURED, {**SOUND, "specversion": "2.0"}),
    "a batch": (BATCH, [SOUND]),
    "another format": ("application/cloudevents+protobuf", SOUND),
    "no event": ("application/json", SOUND),
    "an event in words": (STRUCTURED, "event"),
    "a number beyond 32 bits": (STRUCTURED, {**SOUND, "number": 2**40}),
    "a line break in an attribute": (STRUCTURED, {**SOUND, "subject": "a\r\nce-type: x"}),
    "an id without end": (STRUCTURED, {**SOUND, "id": "x" * 900_000}),
    "attributes without end": (STRUCTURED, SOUND | {f"x{number}": "x" for number in range(5_000)}),
    "too many replies": (STRUCTURED, {**SOUND, "knativebrokerttl": 0}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_event_does_not_pass_the_broker(
    guarded: RunningBlog, unharmed: Target, name: str
) -> None:
    assert unharmed
    content_type, sent = REFUSED[name]
    given = {"Content-Type": content_type}
    assert publish(guarded.port + BROKER, given, json.dumps(sent).encode()) in (400, 415)
