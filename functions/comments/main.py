"""The function `comments`: takes comments in, applies verdicts, and announces each change."""

from collections.abc import Mapping

import functions_framework
from flask import Request, Response

from eventing import idempotency, outbox
from eventing.bearer import Bearer
from eventing.database import Database
from eventing.function import Function, Route
from eventing.history import History
from eventing.producer import Producer
from eventing.start import start
from eventing.subscriber import Subscriber, Subscription
from functions.comments import store
from functions.comments.commands import Commands
from functions.comments.projection import Projection
from functions.events import COMMENT_MODERATED, POST_CREATED, POST_DELETED


def build(env: Mapping[str, str]) -> Function:
    """The function, wired as the environment says."""
    database = Database(
        env.get("DATABASE_URL") or "sqlite:///data/comments.db",
        [outbox.MIGRATIONS, idempotency.MIGRATIONS, store.MIGRATIONS],
    )
    producer = Producer(database, env)
    commands = Commands(database, Bearer.from_env(env), producer)
    projection = Projection(database, producer)
    routes = [
        Route("POST", "/posts/<post_id>/comments", commands.create),
        Route("PATCH", "/posts/<post_id>/comments/<comment_id>", commands.overrule),
        Route("GET", "/events", History(database).page),
    ]
    subscriptions = [
        Subscription(POST_CREATED, projection.post_created),
        Subscription(POST_DELETED, projection.post_deleted),
        Subscription(COMMENT_MODERATED, projection.moderated),
    ]
    events = Subscriber(subscriptions, producer.sweep)
    return Function(routes, events, prepare=producer.worker.ensure_started)


function = start("comments", build)


@functions_framework.http
def comments(request: Request) -> Response:
    """The entry point that functions-framework calls."""
    return function(request)
