"""What events change at `comments`: which posts there are, and what moderation decided."""

import logging
from dataclasses import dataclass

from eventing.cause import Cause
from eventing.clock import now
from eventing.cloudevent import CloudEvent
from eventing.database import Database
from eventing.producer import Producer
from functions.comments import rules, store
from functions.events import Judgement, PostRemoval, PostState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Projection:
    """Applies events; each may come late, early or often."""

    database: Database
    producer: Producer

    def post_created(self, _event: CloudEvent, post: PostState) -> None:
        """From now on the post takes comments, unless it was deleted before."""
        with self.database.transaction() as tx:
            store.add_post(tx, post)

    def post_deleted(self, _event: CloudEvent, removal: PostRemoval) -> None:
        """No comment is taken any more, and those there are lose their text."""
        with self.database.transaction() as tx:
            store.delete_post(tx, removal)

    def moderated(self, event: CloudEvent, judgement: Judgement) -> None:
        """Moderation's verdict decides about a pending comment, once."""
        with self.database.transaction() as tx:
            comment = store.find_for_update(tx, judgement.id)
            if comment is None or comment.postId != judgement.postId:
                log.info("verdict for no comment", extra={"fields": {"comment": judgement.id}})
                return
            decided = rules.judge(comment, judgement)
            if decided is not comment:
                store.save(tx, decided)
                store.emit(tx, rules.announce(decided, now(), Cause.of_event(event)))
        self.producer.wake()
