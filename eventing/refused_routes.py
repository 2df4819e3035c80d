"""`/outbox`: an operator sees the events that the broker refuses, and mends or gives up each."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from eventing import refused
from eventing.answer import Answer, json_answer
from eventing.call import Call
from eventing.clock import now
from eventing.cursor import decode_position, encode_cursor
from eventing.database import Database, Row, Transaction
from eventing.feed import join_json
from eventing.fields import Fields
from eventing.function import Route
from eventing.outbox import is_readable
from eventing.patience import step_aside
from eventing.problem import NotFound

PAGE = 100
REASON_LIMIT = 500  # characters
_SHOWN = ("id", "type", "source", "subject", "time")  # of an event in the list


@dataclass(frozen=True, slots=True)
class RefusedEvents:
    """The refused events in the outbox of `database`; `wake` lets the relay look at it."""

    database: Database
    wake: Callable[[], None]

    def routes(self) -> Sequence[Route]:
        """What the function answers, never through the ingress."""
        return [
            Route("GET", "/outbox", self.page),
            Route("GET", "/outbox/<event_id>", self.show),
            Route("POST", "/outbox/<event_id>/retry", self.retry),
            Route("POST", "/outbox/<event_id>/discard", self.discard),
        ]

    def page(self, call: Call) -> Answer:
        """`GET /outbox`: what is refused and waits, oldest first; `?discarded=true`: given up."""
        step_aside()
        limit = call.limit(PAGE, PAGE)
        after = decode_position(call.query["cursor"]) if call.query.get("cursor") else 0
        state: refused.State = "discarded" if call.query.get("discarded") == "true" else "waiting"
        with self.database.snapshot() as tx:
            found = refused.page(tx, state, after, limit + 1)
            documents = [_listed(tx, row) for row in found[:limit]]
        more = encode_cursor(found[limit - 1]["position"]) if found[limit:] else None
        return json_answer({"refused": documents, "next": more})

    def show(self, _call: Call, event_id: str) -> Answer:
        """`GET /outbox/ID`: one with the whole event, also when it was given up."""
        step_aside()
        with self.database.snapshot() as tx:
            row = _found(tx, event_id)
            return json_answer({**_listed(tx, row), "event": _event(row)})

    def retry(self, _call: Call, event_id: str) -> Answer:
        """`POST /outbox/ID/retry`: publish it now; what comes of it is seen in the list."""
        step_aside()
        with self.database.transaction() as tx:
            if not refused.retry(tx, event_id):
                raise NotFound(_NOT_REFUSED)
            document = _listed(tx, _found(tx, event_id))
        self.wake()
        return json_answer(document, 202)

    def discard(self, call: Call, event_id: str) -> Answer:
        """`POST /outbox/ID/discard` `{reason}`: it stays in the history, and is not published."""
        step_aside()
        reason = _read_reason(call)
        with self.database.transaction() as tx:
            if not refused.discard(tx, event_id, reason, now()):
                raise NotFound(_NOT_REFUSED)
        self.wake()
        return self.show(call, event_id)


_NOT_REFUSED = "No event with this id waits because the broker refused it."


def _read_reason(call: Call) -> str:
    fields = Fields(call.document())
    reason = fields.text("reason").strip()
    if not 1 <= len(reason) <= REASON_LIMIT:
        fields.fault("reason", f"must have 1 to {REASON_LIMIT} characters")
    fields.check()
    return reason


def _found(tx: Transaction, event_id: str) -> Row:
    row = refused.find(tx, event_id)
    if row is None:
        raise NotFound(_NOT_REFUSED)
    return row


def _listed(tx: Transaction, row: Row) -> Mapping[str, object]:
    event = _event(row)
    return {
        "event": {name: event[name] for name in _SHOWN if name in event},
        "status": row["status"],
        "said": row["said"],
        "refusals": row["refusals"],
        "refusedAt": row["refused_at"],
        "behind": refused.waiting_behind(tx, row),
        "discarded": row["discarded"],
        "discardedAt": row["discarded_at"],
    }


def _event(row: Row) -> Mapping[str, object]:
    """In the JSON format; of a damaged one, its id."""
    if not is_readable(row):
        return {"id": row["id"]}
    event: dict[str, object] = json.loads(join_json(row["attributes"], row["data"]))
    return event
