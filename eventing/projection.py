"""Tables that follow events: how an event reaches them, and those that are rebuilt beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventing import rebuild
from eventing.cloudevent import CloudEvent
from eventing.database import Database, Transaction
from eventing.subscriber import EventKind, Subscription

Apply = Callable[[Transaction, Any], None]
"""What the data of an event changes; however often it comes, and whatever came before."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A copy that can be made again: `tables`, which are all that `migrations` make."""

    tables: rebuild.Tables
    migrations: Path
    rules: Sequence[tuple[EventKind, Apply]]

    def follow(self, database: Database) -> list[Subscription]:
        """Subscriptions that keep the copy in `database` as the events say."""
        return [Subscription(kind, self._live(database, apply)) for kind, apply in self.rules]

    def _live(self, database: Database, apply: Apply) -> Callable[[CloudEvent, Any], None]:
        def take(_event: CloudEvent, data: Any) -> None:
            with database.transaction() as tx:
                apply(tx, data)
                # Last: no table can be replaced any more that this transaction has touched.
                if beside := rebuild.under_way(tx, self.tables):
                    apply(beside.beside(tx), data)

        return take
