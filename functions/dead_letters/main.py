"""The function `dead_letters`: keeps what subscribers did not take, and delivers it again."""

import time
from collections.abc import Callable, Mapping
from functools import partial

from werkzeug.wrappers import Request, Response

from eventing.function import Function, Route
from eventing.maintenance import Maintenance
from eventing.publisher import Publisher
from eventing.start import start
from eventing.subscriber import Subscriber
from eventing.upkeep import Upkeep
from eventing.worker import Worker
from functions.dead_letters import store
from functions.dead_letters.courier import Courier
from functions.dead_letters.office import Office
from functions.dead_letters.projection import DELETED_POSTS
from functions.dead_letters.retries import Retries
from functions.dead_letters.rules import read_subscribers
from functions.dead_letters.waiting import check


def build(env: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> Function:
    """The function, wired as the environment says; `clock` times what it does by itself."""
    database = store.open_database(env)
    maintenance = Maintenance(database)
    sink = env.get("K_SINK")
    publish = Publisher(sink, env.get("K_CE_OVERRIDES", "")).publish if sink else None
    subscribers, courier = read_subscribers(env.get("SUBSCRIBERS", "")), Courier(publish)
    # In a cluster, where K_SERVICE is set, a function without requests falls asleep.
    own_url = env.get("OWN_URL") if env.get("K_SERVICE") else None
    retries = Retries(database, subscribers, courier, own_url=own_url, clock=clock)
    upkeep = Upkeep.from_env(database, DELETED_POSTS, env)
    office = Office(database, subscribers, courier, retries)
    routes = [
        Route("POST", "/dead/<trigger>", office.keep),
        Route("GET", "/dead", office.page),
        Route("GET", "/dead/<letter_id>", office.show),
        Route("POST", "/dead/redrive", office.redrive_all),
        Route("POST", "/dead/<letter_id>/redrive", office.redrive),
        Route("POST", "/dead/<letter_id>/discard", office.discard),
    ]
    return Function(
        routes,
        Subscriber(upkeep.subscriptions(), retries.sweep),
        checks={
            "deadLetters": partial(check, database, subscribers, retries),
            "copies": upkeep.check,
            "database": maintenance.check,
        },
        # Stopped in this order: the last one closes the database.
        background=[maintenance.worker, upkeep.worker, Worker(retries.start, retries.stop)],
    )


function = start("dead_letters", build)


def dead_letters(request: Request) -> Response:
    """The entry point, of functions-framework's signature `http`, its default."""
    return function(request)
