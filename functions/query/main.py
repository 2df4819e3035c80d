"""The function `query`: the read model, filled by events, read by everybody."""

from collections.abc import Mapping

import functions_framework
from flask import Request, Response

from eventing.database import Database
from eventing.function import Function, Route
from eventing.start import start
from eventing.subscriber import Subscriber, Subscription
from functions.events import (
    COMMENT_CREATED,
    COMMENT_UPDATED,
    POST_CREATED,
    POST_DELETED,
    POST_UPDATED,
)
from functions.query import store
from functions.query.feed import Feed
from functions.query.projection import Projection
from functions.query.reads import Reads


def build(env: Mapping[str, str]) -> Function:
    """The function, wired as the environment says."""
    database = Database(env.get("DATABASE_URL") or "sqlite:///data/query.db", [store.MIGRATIONS])
    reads, projection = Reads(database), Projection(database)
    routes = [
        Route("GET", "/posts", reads.posts),
        Route("GET", "/posts/<post_id>", reads.post),
        Route("GET", "/posts/<post_id>/comments", reads.comments),
        Route("GET", "/posts/<post_id>/comments/<comment_id>", reads.comment),
        Route("GET", "/feed.xml", Feed(database, env.get("SITE_URL", "")).read),
    ]
    subscriptions = [
        Subscription(POST_CREATED, projection.post_written),
        Subscription(POST_UPDATED, projection.post_written),
        Subscription(POST_DELETED, projection.post_deleted),
        Subscription(COMMENT_CREATED, projection.comment_written),
        Subscription(COMMENT_UPDATED, projection.comment_written),
    ]
    return Function(routes, Subscriber(subscriptions))


function = start("query", build)


@functions_framework.http
def query(request: Request) -> Response:
    """The entry point that functions-framework calls."""
    return function(request)
