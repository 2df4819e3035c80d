"""The function `comments`: takes comments in, applies verdicts, and announces each change."""

from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from eventing.bearer import Bearer
from eventing.database import Database
from eventing.function import Function, Route
from eventing.history import History
from eventing.producer import Producer
from eventing.start import start
from eventing.subscriber import Subscriber, Subscription
from functions.comments import store
from functions.comments.commands import Commands
from functions.comments.projection import POSTS
from functions.comments.verdicts import Verdicts, read_wait
from functions.events import COMMENT_MODERATED


def build(env: Mapping[str, str]) -> Function:
    """The function, wired as the environment says."""
    database = store.open_database(env)
    return wire(database, Producer(database, env), env)


def wire(database: Database, producer: Producer, env: Mapping[str, str]) -> Function:
    """The function on this database, with its background work."""
    commands = Commands(database, Bearer.from_env(env), producer)
    verdicts = Verdicts(database, producer, read_wait(env))
    routes = [
        Route("POST", "/posts/<post_id>/comments", commands.create),
        Route("PATCH", "/posts/<post_id>/comments/<comment_id>", commands.overrule),
        Route("GET", "/events", History(database).page),
    ]
    judged = Subscription(COMMENT_MODERATED, verdicts.moderated)
    events = Subscriber([*POSTS.follow(database), judged], verdicts.sweep)
    return Function(routes, events, background=[producer.worker])


function = start("comments", build)


def comments(request: Request) -> Response:
    """The entry point, of functions-framework's signature `http`, its default."""
    return function(request)
