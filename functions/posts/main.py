"""The function `posts`: writes posts and emits an event for each change."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from werkzeug.wrappers import Request, Response

from eventing import idempotency, outbox
from eventing.answer import Answer, json_answer
from eventing.bearer import Bearer
from eventing.call import Call
from eventing.clock import now
from eventing.database import Database
from eventing.function import Function, Route
from eventing.history import History
from eventing.identity import new_id
from eventing.maintenance import Maintenance
from eventing.problem import NotFound
from eventing.producer import Producer
from eventing.start import start
from eventing.subscriber import Subscriber
from eventing.telling import Readers
from functions.events import POSTS, PostRemoval, PostState
from functions.posts import rules, store


@dataclass(frozen=True, slots=True)
class Posts:
    """The commands on posts."""

    database: Database
    author: Bearer
    producer: Producer

    def create(self, call: Call) -> Answer:
        """`POST /posts`."""
        self.author.check(call)
        document = call.document()
        command = idempotency.identify(call, document)
        post = rules.create(rules.read_new_post(document), post_id=new_id(), now=now())

        def add() -> Answer:
            store.add(tx, post)
            store.emit(tx, rules.announce(post, call.cause))
            return json_answer(
                msgspec.to_builtins(post), 201, {"Location": f"/api/posts/{post.id}"}
            )

        with self.database.transaction() as tx:
            answer = idempotency.once(tx, command, post.id, add)
        self.producer.wake()
        return answer

    def update(self, call: Call, post_id: str) -> Answer:
        """`PATCH /posts/ID`."""
        self.author.check(call)
        draft = rules.read_change(call.document())
        with self.database.transaction() as tx:
            post = _existing(store.find_for_update(tx, post_id))
            changed = rules.change(post, draft, now())
            if changed is not post:
                store.save(tx, changed)
                store.emit(tx, rules.announce(changed, call.cause))
        self.producer.wake()
        return json_answer(msgspec.to_builtins(changed))

    def delete(self, call: Call, post_id: str) -> Answer:
        """`DELETE /posts/ID`."""
        self.author.check(call)
        with self.database.transaction() as tx:
            post = _existing(store.find_for_update(tx, post_id))
            removal = PostRemoval(id=post.id, version=post.version + 1)
            store.blank(tx, post.id, removal.version)
            store.emit(tx, rules.announce_deletion(removal, now(), call.cause))
        self.producer.wake()
        return Answer(204)


def build(env: Mapping[str, str]) -> Function:
    """The function, wired as the environment says."""
    database = Database(
        env.get("DATABASE_URL") or "sqlite:///data/posts.db",
        [outbox.MIGRATIONS, idempotency.MIGRATIONS, store.MIGRATIONS],
    )
    maintenance = Maintenance(database)
    producer = Producer(database, env)
    commands = Posts(database, Bearer.from_env(env), producer)
    routes = [
        Route("POST", "/posts", commands.create),
        Route("PATCH", "/posts/<post_id>", commands.update),
        Route("DELETE", "/posts/<post_id>", commands.delete),
        Route("GET", "/events", History(database).page),
        *producer.routes,
    ]
    readers = Readers.from_env(database, POSTS, env)

    def sweep() -> None:
        producer.sweep()
        readers.sweep()

    return Function(
        routes,
        Subscriber([], sweep),
        checks={
            "outbox": producer.check,
            "readers": readers.check,
            "database": maintenance.check,
        },
        background=[maintenance.worker, producer.worker, readers.worker],
    )


def _existing(post: PostState | None) -> PostState:
    if post is None:
        raise NotFound("There is no such post.")
    return post


function = start("posts", build)


def posts(request: Request) -> Response:
    """The entry point, of functions-framework's signature `http`, its default."""
    return function(request)
