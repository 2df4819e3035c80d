"""`GET /events`: a function's history, page by page."""

from dataclasses import dataclass

from eventing import feed
from eventing.answer import Answer
from eventing.call import Call
from eventing.cloudevent import BATCH
from eventing.cursor import decode_position
from eventing.database import Database

LIMIT = 500  # events a page, at most and by default


@dataclass(frozen=True, slots=True)
class History:
    """The history in the outbox of `database`."""

    database: Database

    def page(self, call: Call) -> Answer:
        """Events after `after`, or from the start; Link leads on, from an empty page too."""
        limit = call.limit(LIMIT, LIMIT)
        after = decode_position(call.query["after"]) if "after" in call.query else 0
        with self.database.snapshot() as tx:
            page = feed.read_page(tx, after, limit)
        link = f'</events?after={page.next}&limit={limit}>; rel="next"'
        return Answer(body=page.batch, content_type=BATCH, headers={"Link": link})
