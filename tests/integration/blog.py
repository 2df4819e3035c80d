"""The five functions in this process, each on its own database: changes when their seams do."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from flask import Request
from werkzeug.test import Client, TestResponse

from eventing.function import Function
from functions.comments.main import build as comments
from functions.dead_letters.main import build as dead_letters
from functions.events import REACHES
from functions.moderation.main import build as moderation
from functions.posts.main import build as posts
from functions.query.main import build as query
from tests.databases import Databases

BUILDERS: Mapping[str, Callable[[Mapping[str, str]], Function]] = {
    "posts": posts,
    "comments": comments,
    "moderation": moderation,
    "query": query,
    "dead_letters": dead_letters,
}
STRUCTURED = "application/cloudevents+json"
SUBSCRIBERS = {kind.type: subscribers for kind, subscribers in REACHES.items()}

Document = dict[str, Any]


class Delivery(NamedTuple):
    """One event on its way to one subscriber."""

    event: Document
    subscriber: str


def client(name: str, databases: Databases, **env: str) -> Client:
    """A function on the database of its name; without K_SINK its events wait in its outbox."""
    return client_of(BUILDERS[name]({"DATABASE_URL": databases.url(name), **env}))


def client_of(function: Function) -> Client:
    """Ask that function, in this process."""
    return Client(lambda environ, start: function(Request(environ))(environ, start))


def send(to: Client, event: Mapping[str, object] | str | bytes) -> TestResponse:
    """Hand over an event in structured mode."""
    data = event if isinstance(event, str | bytes) else json.dumps(event)
    return to.post("/", data=data, content_type=STRUCTURED)


def event(kind: str, data: object, **attributes: object) -> Document:
    """An event of this type as its source would send it."""
    sources = {subscribed.type: subscribed.source for subscribed in REACHES}
    known = {"specversion": "1.0", "id": "event-1", "source": sources[kind], "type": kind}
    return {**known, "data": data, **attributes}


def post_data(**changes: object) -> Document:
    """Data of `PostCreated`."""
    time = "2026-01-31T12:00:00.000000Z"
    known = {"id": "p1", "title": "A title", "body": "Some text", "version": 1}
    return {**known, "createdAt": time, "updatedAt": time, **changes}


def comment_data(**changes: object) -> Document:
    """Data of `CommentCreated`, and of `CommentUpdated` with the right changes."""
    known = {"id": "c1", "postId": "p1", "author": "Ann", "content": "Well said"}
    rest = {"status": "pending", "createdAt": "2026-01-31T12:00:01.000000Z", "version": 1}
    return {**known, **rest, **changes}


def judgement(**changes: object) -> Document:
    """Data of `CommentModerated`."""
    known = {"id": "c1", "postId": "p1", "commentVersion": 1, "status": "approved", "reason": None}
    return {**known, **changes}


def history(of: Client) -> list[Document]:
    """Every event that the function emitted so far, by following its feed."""
    found: list[Document] = []
    link = "/events"
    while page := (answer := of.get(link)).json:
        found += page
        link = answer.headers["Link"].partition(">")[0].removeprefix("<")
    return found


class Blog:
    """The five functions; nothing flows between them until somebody delivers it."""

    def __init__(self, databases: Databases, **env: str) -> None:
        self.functions = {name: client(name, databases, **env) for name in BUILDERS}

    def events(self) -> list[Document]:
        """The histories of all producers, first posts, then comments, then moderation."""
        producers = ("posts", "comments", "moderation")
        return [event for name in producers for event in history(self.functions[name])]

    def deliver(self, deliveries: Iterable[Delivery]) -> None:
        """Hand events over; none may be refused."""
        for event, subscriber in deliveries:
            answer = send(self.functions[subscriber], event)
            assert answer.status_code in (200, 202), (answer.text, event)

    def settle(self) -> None:
        """Deliver every event to all whom it must reach, until nobody emits any more."""
        done: set[tuple[str, str]] = set()
        while news := [one for one in self.events() if (one["source"], one["id"]) not in done]:
            self.deliver(deliveries(news))
            done |= {(one["source"], one["id"]) for one in news}

    def write_post(self, **document: object) -> Document:
        """A new post, as `posts` answers it."""
        return created(self.functions["posts"].post("/posts", json=document))

    def write_comment(self, post_id: str, **document: object) -> Document:
        """A new comment, as `comments` answers it."""
        return created(self.functions["comments"].post(f"/posts/{post_id}/comments", json=document))

    def delete(self, post_id: str) -> None:
        """Delete a post."""
        assert self.functions["posts"].delete(f"/posts/{post_id}").status_code == 204


def deliveries(events: Iterable[Document]) -> list[Delivery]:
    """Each event once to every function that it must reach."""
    return [Delivery(one, name) for one in events for name in SUBSCRIBERS[one["type"]]]


def created(answer: TestResponse) -> Document:
    """The document of a 201."""
    assert answer.status_code == 201, answer.text
    return document(answer)


def document(answer: TestResponse) -> Document:
    """The JSON object in an answer."""
    members: Document = json.loads(answer.data)
    return members


def pages(of: Client, path: str, member: str) -> list[Document]:
    """Every item of a list, by following its cursors two items at a time."""
    found: list[Document] = []
    cursor: str | None = ""
    while cursor is not None:
        where = {"limit": "2"} if not cursor else {"limit": "2", "cursor": cursor}
        page = document(of.get(path, query_string=where))
        found += page[member]
        cursor = page["next"]
    return found


def read_model(query: Client) -> Document:
    """All that readers can see."""
    listed = pages(query, "/posts", "posts")
    posts = {post["id"]: document(query.get(f"/posts/{post['id']}")) for post in listed}
    comments = {post: pages(query, f"/posts/{post}/comments", "comments") for post in posts}
    return {"list": listed, "posts": posts, "comments": comments}
