"""Tables that follow events: how an event reaches them, and those that are rebuilt beside them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from eventing import positions, rebuild
from eventing.clock import now
from eventing.cloudevent import CloudEvent
from eventing.database import Database, Transaction
from eventing.reading import Event
from eventing.subscriber import EventKind, Subscription

Apply = Callable[[Transaction, Any], bool]
"""What the data of an event changes, however often it comes and whatever came before; whether it
changed anything."""

Lacking = Callable[[Transaction, Sequence[Any]], Sequence[bool]]
"""For the data of each of some events whether the copy may lack it: a pure reading."""


class Unfit(Exception):
    """An event that says something else than its type promises."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What events of one kind do to a copy."""

    kind: EventKind
    apply: Apply
    lacking: Lacking


@dataclass(frozen=True, slots=True)
class Change:
    """An event that has been read from a history, and what to do with it."""

    id: str
    rule: Rule
    data: Any


@dataclass(frozen=True, slots=True)
class Projection:
    """A copy that can be made again: `tables`, which are all that `migrations` make."""

    tables: rebuild.Tables
    migrations: Path
    rules: Sequence[Rule]

    @property
    def sources(self) -> Collection[str]:
        """Whose events it follows."""
        return {rule.kind.source for rule in self.rules}

    def follow(self, database: Database, feeds: Collection[str] = ()) -> list[Subscription]:
        """Subscriptions that keep the copy in `database` as the events say.

        Those of the `feeds` that it is compared with are remembered until they are met there.
        """
        return [Subscription(rule.kind, self._live(database, rule, feeds)) for rule in self.rules]

    def read(self, event: Event) -> Change | None:
        """What an event of a history means here; None: nothing. Unfit."""
        rule = next((r for r in self.rules if _is_of(event, r.kind)), None)
        if rule is None:
            return None
        try:
            return Change(event.id, rule, msgspec.json.decode(event.data, type=rule.kind.data))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unfit(f"its data is not a {rule.kind.data.__name__}: {error}") from None

    def lacking(self, tx: Transaction, changes: Sequence[Change]) -> list[Change]:
        """Those of the changes, in their order, that the copy may lack."""
        lacking: set[int] = set()
        for rule in self.rules:
            places = [place for place, change in enumerate(changes) if change.rule is rule]
            if places:
                found = rule.lacking(tx, [changes[place].data for place in places])
                lacking.update(
                    place for place, is_lacking in zip(places, found, strict=True) if is_lacking
                )
        return [changes[place] for place in sorted(lacking)]

    def apply(self, tx: Transaction, changes: Sequence[Change]) -> list[Change]:
        """Make the changes; those that changed the serving tables."""
        made = [change for change in changes if change.rule.apply(tx, change.data)]
        # Last: no table can be replaced any more that this transaction has touched.
        if changes and (beside := rebuild.under_way(tx, self.tables)):
            for change in changes:
                change.rule.apply(beside.beside(tx), change.data)
        return made

    def _live(
        self, database: Database, rule: Rule, feeds: Collection[str]
    ) -> Callable[[CloudEvent, Any], None]:
        feed = rule.kind.source.strip("/")

        def take(event: CloudEvent, data: Any) -> None:
            with database.transaction() as tx:
                if self.apply(tx, [Change(event.id, rule, data)]) and feed in feeds:
                    positions.deliver(tx, feed, event.id, now())

        return take


def _is_of(event: Event, kind: EventKind) -> bool:
    return (event.source, event.type) == (kind.source, kind.type)
