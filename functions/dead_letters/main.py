"""The function `dead_letters`: keeps what subscribers did not take, and delivers it again."""

from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from eventing.database import Database
from eventing.function import Function, Route
from eventing.publisher import Publisher
from eventing.start import start
from eventing.subscriber import Subscriber, Subscription
from functions.dead_letters import store
from functions.dead_letters.courier import Courier
from functions.dead_letters.office import Office
from functions.dead_letters.rules import read_subscribers
from functions.events import POST_DELETED


def build(env: Mapping[str, str]) -> Function:
    """The function, wired as the environment says."""
    database = Database(
        env.get("DATABASE_URL") or "sqlite:///data/dead_letters.db", [store.MIGRATIONS]
    )
    sink = env.get("K_SINK")
    publish = Publisher(sink, env.get("K_CE_OVERRIDES", "")).publish if sink else None
    office = Office(database, read_subscribers(env.get("SUBSCRIBERS", "")), Courier(publish))
    routes = [
        Route("POST", "/dead/<trigger>", office.keep),
        Route("GET", "/dead", office.page),
        Route("GET", "/dead/<letter_id>", office.show),
        Route("POST", "/dead/redrive", office.redrive_all),
        Route("POST", "/dead/<letter_id>/redrive", office.redrive),
        Route("POST", "/dead/<letter_id>/discard", office.discard),
    ]
    return Function(routes, Subscriber([Subscription(POST_DELETED, office.post_deleted)]))


function = start("dead_letters", build)


def dead_letters(request: Request) -> Response:
    """The entry point, of functions-framework's signature `http`, its default."""
    return function(request)
