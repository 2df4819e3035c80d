"""A function that emits events: its outbox and the relay that empties it."""

import logging
from collections.abc import Mapping

from eventing import idempotency, outbox
from eventing.clock import CautiousClock
from eventing.database import Database, StorageUnavailable
from eventing.outbox_check import OutboxCheck
from eventing.publisher import Publisher
from eventing.refused_routes import RefusedEvents
from eventing.relay import Relay
from eventing.worker import Worker

log = logging.getLogger(__name__)


class Producer:
    """Keeps the relay of `database` running; without K_SINK, events wait in the outbox.

    A function has its `worker`, its `check` under the name `outbox`, and its `routes`.
    """

    def __init__(self, database: Database, env: Mapping[str, str]) -> None:
        self._database = database
        self._now = CautiousClock()
        self._relay: Relay | None = None
        verb = "blog --cluster outbox" if env.get("K_SERVICE") else "blog outbox"
        if sink := env.get("K_SINK", ""):
            self._relay = Relay(database, Publisher(sink, env.get("K_CE_OVERRIDES", "")).publish)
        self.worker = Worker(self._start, self._stop)
        self.check = OutboxCheck(database, self._failure if self._relay else None, verb)
        self.routes = RefusedEvents(database, self.wake).routes()

    def wake(self) -> None:
        """Something was committed to the outbox."""
        if self._relay:
            self._relay.wake()

    def sweep(self) -> None:
        """What a ping asks for: publish what got stuck, drop what has expired."""
        with self._database.transaction() as tx:
            idempotency.drop_expired(tx, self._now())
        self.wake()

    def _failure(self) -> str:
        return self._relay.last_failure if self._relay else ""

    def _start(self) -> None:
        if self._relay:
            self._relay.start()
        else:
            self._say_who_waits()

    def _stop(self) -> None:
        if self._relay:
            self._relay.stop()
        self._database.close()

    def _say_who_waits(self) -> None:
        try:
            with self._database.snapshot() as tx:
                fields: dict[str, object] = {"waiting": outbox.waiting(tx)}
        except StorageUnavailable as error:
            fields = {"error": str(error)}
        log.warning("K_SINK is not set: events wait in the outbox", extra={"fields": fields})
