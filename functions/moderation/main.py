"""The function `moderation`: judges each new comment once and replies with the verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from werkzeug.wrappers import Request, Response

from eventing import outbox
from eventing.cause import Cause
from eventing.clock import now
from eventing.cloudevent import CloudEvent
from eventing.database import Database
from eventing.function import Function, Route
from eventing.history import History
from eventing.maintenance import Maintenance
from eventing.start import start
from eventing.subscriber import Subscriber, Subscription
from functions.events import COMMENT_CREATED, CommentState
from functions.moderation import rules
from functions.moderation.words import DEFAULT_FILE, WordList


@dataclass(frozen=True, slots=True)
class Moderation:
    """Judges comments; its history is its memory of the verdicts."""

    database: Database
    words: WordList

    def judge(self, event: CloudEvent, comment: CommentState) -> CloudEvent:
        """The verdict on a comment, committed before it is answered, the same one every time."""
        with self.database.transaction() as tx:
            if known := outbox.find(tx, comment.id):
                return known
            judgement = rules.judge(comment, self.words.matches)
            verdict = rules.announce(judgement, now(), Cause.of_event(event))
            return outbox.append_reply(tx, verdict, entity=comment.id)


def build(env: Mapping[str, str]) -> Function:
    """The function, wired as the environment says."""
    database = Database(
        env.get("DATABASE_URL") or "sqlite:///data/moderation.db", [outbox.MIGRATIONS]
    )
    words = WordList(Path(env.get("WORDS_FILE") or DEFAULT_FILE))
    words.check()
    maintenance = Maintenance(database)
    moderation = Moderation(database, words)
    events = Subscriber([Subscription(COMMENT_CREATED, moderation.judge)])
    return Function(
        [Route("GET", "/events", History(database).page)],
        events,
        checks={"database": maintenance.check},
        background=[maintenance.worker],
    )


function = start("moderation", build)


def moderation(request: Request) -> Response:
    """The entry point, of functions-framework's signature `http`, its default."""
    return function(request)
