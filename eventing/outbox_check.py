"""How an outbox is: what waits in it, for how long, and what keeps it there."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from eventing import outbox, refused
from eventing.condition import Finding, Trouble
from eventing.database import Database, Row, Transaction
from eventing.shared_clock import elapsed
from eventing.strictjson import is_intact

LONG = 300.0  # seconds after which an event that still waits is a trouble
SHOWN = 20  # refused events that have a trouble of their own

_OLDEST = """
SELECT position, attributes, (SELECT MAX(position) FROM outbox) AS last
FROM outbox WHERE published = 0 ORDER BY position LIMIT 1"""


class Waiting:
    """How long the oldest event has waited, also where the clock was wrong meanwhile.

    The event's own time counts when it is first seen; from then on a clock that is never set back.
    """

    def __init__(
        self,
        elapsed: Callable[[], int] = elapsed,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._elapsed = elapsed
        self._now = now
        self._since: dict[int, float] = {}  # of the oldest, by its position
        self._seen: tuple[float, int] | None = None  # when was which the last position?

    def seconds(self, tx: Transaction) -> float | None:
        """Never negative; None when nothing waits."""
        now, row = self._elapsed() / 1000, tx.row(_OLDEST)
        if row is None:
            self._since = {}
            return None
        position = row["position"]
        begun = self._since.get(position, now - self._told(row, now))
        self._since, self._seen = {position: begun}, (now, row["last"])
        return round(now - begun, 3)

    def _told(self, row: Row, now: float) -> float:
        """Seconds since the event's own time, as far as that can be."""
        most = float("inf")
        if self._seen is not None and row["position"] > self._seen[1]:
            most = now - self._seen[0]  # it was not there at the last look
        return min(most, max(0.0, (self._now() - _time(row)).total_seconds()))


class OutboxCheck:
    """The check of an outbox; `failure` says why nothing could be published last.

    `failure` is None where there is no sink to publish to; `verb` is the operator's command.
    """

    def __init__(self, database: Database, failure: Callable[[], str] | None, verb: str) -> None:
        self._database = database
        self._failure = failure
        self._verb = verb
        self._waiting = Waiting()

    def __call__(self) -> Finding:
        """`{unpublished, oldestWait, refused}`, and the troubles."""
        with self._database.snapshot() as tx:
            unpublished, count = outbox.waiting(tx), refused.count(tx)
            wait = self._waiting.seconds(tx)
            troubles = list(self._refused(tx, count))
        facts = {"unpublished": unpublished, "oldestWait": wait, "refused": count}
        if wait is not None and (self._failure is None or (wait > LONG and not count)):
            troubles.append(self._stuck(unpublished, wait))
        return Finding(facts, troubles)

    def _refused(self, tx: Transaction, count: int) -> Iterator[Trouble]:
        for row in refused.page(tx, "waiting", 0, SHOWN):
            behind = refused.waiting_behind(tx, row)
            said = f": {row['said']}" if row["said"] else ""
            yield Trouble(
                "event-refused",
                row["id"],
                f"the broker answered {row['status']}{said}; later events that wait for it:"
                f" {behind}; once that is mended, `{self._verb} retry {row['id']}`, or give it up"
                f" with `{self._verb} discard {row['id']} --reason …`",
            )
        if count > SHOWN:
            more = f"{count - SHOWN} more events are refused: see `{self._verb}`"
            yield Trouble("event-refused", "others", more)

    def _stuck(self, unpublished: int, wait: float) -> Trouble:
        waits = f"{unpublished} events wait in the outbox, the oldest for {wait:.0f} s"
        if self._failure is None:
            return Trouble("sink-missing", "K_SINK", f"it is not set: {waits}")
        why = self._failure() or "their entities' first events fail, or are damaged"
        return Trouble("events-wait", "outbox", f"{waits}: {why}")


def _time(row: Row) -> datetime:
    """The event's own time; now for one that has none."""
    try:
        if is_intact(row["attributes"]):
            return datetime.fromisoformat(json.loads(row["attributes"])["time"])
    except (KeyError, TypeError, ValueError):
        pass
    return datetime.now(UTC)
