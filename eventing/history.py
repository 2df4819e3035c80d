"""`GET /events`: a function's history, page by page, and what of it is not published yet."""

import json
from dataclasses import dataclass

from eventing import feed, outbox
from eventing.answer import Answer
from eventing.call import Call
from eventing.cloudevent import BATCH
from eventing.cursor import decode_position
from eventing.database import Database, Transaction
from eventing.patience import step_aside
from eventing.strictjson import is_intact

LIMIT = 500  # events a page, at most and by default


@dataclass(frozen=True, slots=True)
class History:
    """The history in the outbox of `database`."""

    database: Database

    def page(self, call: Call) -> Answer:
        """Events after `after`, or from the start; Link leads on, from an empty page too.

        `Outbox-Unpublished` counts what is still to be published, `Outbox-Oldest` is the time of
        the first such event: who asks with HEAD gets no text.
        """
        step_aside()
        limit = call.limit(LIMIT, LIMIT)
        after = decode_position(call.query["after"]) if "after" in call.query else 0
        with self.database.snapshot() as tx:
            page = feed.read_page(tx, after, limit)
            headers = _unpublished(tx)
        headers["Link"] = f'</events?after={page.next}&limit={limit}>; rel="next"'
        return Answer(body=page.batch, content_type=BATCH, headers=headers)


def _unpublished(tx: Transaction) -> dict[str, str]:
    count = {"Outbox-Unpublished": str(outbox.waiting(tx))}
    first = "SELECT attributes FROM outbox WHERE published = 0 ORDER BY position LIMIT 1"
    if (row := tx.row(first)) is None or not is_intact(row["attributes"]):
        return count
    return {**count, "Outbox-Oldest": json.loads(row["attributes"])["time"]}
