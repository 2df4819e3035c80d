"""What moderation decides, and what is done about a comment that waits too long for it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from eventing import outbox
from eventing.cause import Cause
from eventing.clock import ago, now
from eventing.cloudevent import CloudEvent
from eventing.database import Database
from eventing.producer import Producer
from eventing.settings import Misconfigured
from functions.comments import rules, store
from functions.events import Judgement

VERDICT_WITHIN = "60"  # seconds; moderation takes less than one, awake or not
ANNOUNCED_AT_ONCE = 1_000  # comments, by one sweep
LOOK_EVERY = 30.0  # seconds, where nothing sleeps

log = logging.getLogger(__name__)


class InvalidWait(Misconfigured):
    """VERDICT_WITHIN must be a number of seconds."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Applies verdicts, each of which may come late or often, and asks again for lost ones."""

    database: Database
    producer: Producer
    within: timedelta

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

    def sweep(self) -> None:
        """What a ping asks for; and comments that wait too long are announced again."""
        self.announce_again()
        self.producer.sweep()

    def announce_again(self) -> None:
        """Announce comments that wait too long, as they are now.

        It is the same event once more: moderation, which keeps its verdicts, repeats its reply.
        """
        with self.database.transaction() as tx:
            late = store.waiting(tx, (ago(now(), self.within), now()), ANNOUNCED_AT_ONCE)
            again = sum(outbox.publish_again(tx, rules.event_id(*each)) for each in late)
        if again:
            log.warning("announced again: no verdict", extra={"fields": {"comments": again}})
            self.producer.wake()


def read_wait(env: Mapping[str, str]) -> timedelta:
    """VERDICT_WITHIN: how long a comment waits before it is announced again."""
    try:
        return timedelta(seconds=int(env.get("VERDICT_WITHIN") or VERDICT_WITHIN))
    except (ValueError, OverflowError):
        raise InvalidWait from None
