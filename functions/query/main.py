"""The function `query`: the read model, filled by events, read by everybody."""

from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from eventing.function import Function, Route
from eventing.maintenance import Maintenance
from eventing.start import start
from eventing.subscriber import Subscriber
from eventing.upkeep import Upkeep
from functions.query import store
from functions.query.feed import Feed
from functions.query.projection import READ_MODEL
from functions.query.reads import Reads


def build(env: Mapping[str, str]) -> Function:
    """The function, wired as the environment says."""
    database = store.open_database(env)
    maintenance = Maintenance(database)
    reads = Reads(database)
    routes = [
        Route("GET", "/posts", reads.posts),
        Route("GET", "/posts/<post_id>", reads.post),
        Route("GET", "/posts/<post_id>/comments", reads.comments),
        Route("GET", "/posts/<post_id>/comments/<comment_id>", reads.comment),
        Route("GET", "/feed.xml", Feed(database, env.get("SITE_URL", "")).read),
    ]
    upkeep = Upkeep.from_env(database, READ_MODEL, env)
    return Function(
        routes,
        Subscriber(upkeep.subscriptions()),
        checks={"copies": upkeep.check, "database": maintenance.check},
        background=[maintenance.worker, upkeep.worker],
    )


function = start("query", build)


def query(request: Request) -> Response:
    """The entry point, of functions-framework's signature `http`, its default."""
    return function(request)
