"""The function `comments`: takes comments in, applies verdicts, and announces each change."""

from collections.abc import Mapping

from werkzeug.wrappers import Request, Response

from eventing.bearer import Bearer
from eventing.database import Database
from eventing.function import Function, Route
from eventing.history import History
from eventing.maintenance import Maintenance
from eventing.producer import Producer
from eventing.recurring import Recurring
from eventing.start import start
from eventing.subscriber import Subscriber, Subscription
from eventing.telling import Readers
from eventing.upkeep import Upkeep
from eventing.worker import Worker
from functions.comments import store
from functions.comments.commands import Commands
from functions.comments.projection import POSTS
from functions.comments.verdicts import LOOK_EVERY, Verdicts, read_wait
from functions.events import COMMENT_MODERATED, COMMENTS


def build(env: Mapping[str, str]) -> Function:
    """The function, wired as the environment says."""
    database = store.open_database(env)
    return wire(database, Producer(database, env), env)


def wire(
    database: Database,
    producer: Producer,
    env: Mapping[str, str],
    *,
    look_every: float = LOOK_EVERY,
) -> Function:
    """The function on this database, with its background work.

    Where nothing sleeps it looks every so many seconds whether comments wait for their verdicts.
    """
    maintenance = Maintenance(database)
    commands = Commands(database, Bearer.from_env(env), producer)
    verdicts = Verdicts(database, producer, read_wait(env))
    routes = [
        Route("POST", "/posts/<post_id>/comments", commands.create),
        Route("PATCH", "/posts/<post_id>/comments/<comment_id>", commands.overrule),
        Route("GET", "/events", History(database).page),
        *producer.routes,
    ]
    upkeep = Upkeep.from_env(database, POSTS, env)
    readers = Readers.from_env(database, COMMENTS, env)
    judged = Subscription(COMMENT_MODERATED, verdicts.moderated)

    def sweep() -> None:
        verdicts.sweep()
        readers.sweep()

    return Function(
        routes,
        Subscriber([*upkeep.subscriptions(), judged], sweep),
        checks={
            "outbox": producer.check,
            "copies": upkeep.check,
            "readers": readers.check,
            "database": maintenance.check,
        },
        background=[
            maintenance.worker,
            producer.worker,
            upkeep.worker,
            readers.worker,
            *_timers(verdicts, env, look_every),
        ],
    )


def _timers(verdicts: Verdicts, env: Mapping[str, str], seconds: float) -> list[Worker]:
    """What is done by the clock where nothing sleeps; in a cluster (K_SERVICE) pings ask for it."""
    if env.get("K_SERVICE") or not env.get("K_SINK"):
        return []
    again = Recurring("verdicts", verdicts.announce_again, seconds=seconds)
    return [Worker(again.start, again.stop)]


function = start("comments", build)


def comments(request: Request) -> Response:
    """The entry point, of functions-framework's signature `http`, its default."""
    return function(request)
