"""`GET /events`: a function's history, page by page, and what of it is not published yet."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from eventing import feed, origin, outbox
from eventing.answer import Answer
from eventing.call import Call
from eventing.clock import ago, now
from eventing.cloudevent import BATCH
from eventing.cursor import decode_position
from eventing.database import Database, Transaction
from eventing.patience import step_aside
from eventing.problem import Fault, Invalid, Refused
from eventing.strictjson import is_intact

LIMIT = 500  # events a page, at most and by default
MAX_AGE = 86_400  # seconds


class Gone(Refused):
    """The position belongs to another history: read this one from the start."""

    status = HTTPStatus.GONE


@dataclass(frozen=True, slots=True)
class History:
    """The history in the outbox of `database`."""

    database: Database

    def page(self, call: Call) -> Answer:
        """Events after `after`, or from the start; Link leads on, from an empty page too.

        `minAge` leaves out the last events that are younger, in seconds. `history` came in the
        same link as `after`; 410 when the history is another one by now.

        `Outbox-Unpublished` counts what is still to be published, `Outbox-Oldest` is the time of
        the first such event: who asks with HEAD gets no text. `Events-Remaining` counts what
        follows this page.
        """
        step_aside()
        limit = call.limit(LIMIT, LIMIT)
        after = decode_position(call.query["after"]) if "after" in call.query else 0
        is_young = _age_limit(call)
        with self.database.snapshot() as tx:
            _check(tx, after, call)
            page = feed.read_page(tx, after, limit, is_young)
            headers = _unpublished(tx)
        link = f"/events?after={page.next}&limit={limit}&history={page.history}"
        headers |= {"Link": f'<{link}>; rel="next"', "Events-Remaining": str(page.remaining)}
        return Answer(body=page.batch, content_type=BATCH, headers=headers)


def _check(tx: Transaction, after: int, call: Call) -> None:
    try:
        origin.check(tx, after, call.query.get("history"))
    except origin.OtherHistory:
        raise Gone from None


def _age_limit(call: Call) -> Callable[[str], bool]:
    """Whether the event with these attributes is younger than the query parameter `minAge`.

    One from the future is not: a clock that was set back must hold up nothing.
    """
    text = call.query.get("minAge", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= MAX_AGE):
        raise Invalid([Fault("#/minAge", f"must be a whole number from 0 to {MAX_AGE}")])
    if not int(text):
        return lambda _: False
    until = now()
    since = ago(until, timedelta(seconds=int(text)))
    return lambda attributes: since < _time(attributes) <= until


def _time(attributes: str) -> str:
    try:
        return str(json.loads(attributes)["time"])
    except (KeyError, TypeError, ValueError):
        return ""  # a damaged one, which is left out anyway


def _unpublished(tx: Transaction) -> dict[str, str]:
    count = {"Outbox-Unpublished": str(outbox.waiting(tx))}
    first = "SELECT attributes FROM outbox WHERE published = 0 ORDER BY position LIMIT 1"
    if (row := tx.row(first)) is None or not is_intact(row["attributes"]):
        return count
    return {**count, "Outbox-Oldest": json.loads(row["attributes"])["time"]}
