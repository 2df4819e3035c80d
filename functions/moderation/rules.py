"""How moderation judges a comment, and the event that says so."""

from collections.abc import Callable

import msgspec

from eventing.cause import Cause
from eventing.cloudevent import CloudEvent
from functions.events import COMMENT_MODERATED, CommentState, Judgement, Reason, Verdict


def judge(comment: CommentState, is_listed: Callable[[str], bool]) -> Judgement:
    """Rejected when the content or the author's name has a listed word, else approved."""
    listed = is_listed(comment.content) or is_listed(comment.author or "")
    return Judgement(
        id=comment.id,
        postId=comment.postId,
        commentVersion=comment.version,
        status=Verdict.REJECTED if listed else Verdict.APPROVED,
        reason=Reason.WORD_LIST if listed else None,
    )


def announce(judgement: Judgement, now: str, cause: Cause) -> CloudEvent:
    """The event that tells of the verdict: one for each comment, for ever."""
    return CloudEvent(
        id=judgement.id,
        source=COMMENT_MODERATED.source,
        type=COMMENT_MODERATED.type,
        subject=judgement.id,
        time=now,
        datacontenttype="application/json",
        dataschema=COMMENT_MODERATED.dataschema,
        data=msgspec.json.encode(judgement),
        extensions=cause.extensions(partitionkey=judgement.postId),
    )
