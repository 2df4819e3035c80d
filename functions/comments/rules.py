"""What a comment is, what may be written in it, who decides about it, and its events."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from eventing.cause import Cause
from eventing.cloudevent import CloudEvent
from eventing.fields import Fields
from functions.events import (
    COMMENT_CREATED,
    COMMENT_UPDATED,
    CommentState,
    Judgement,
    Reason,
    Status,
    Verdict,
)

CONTENT_LIMIT = 5_000  # code points
AUTHOR_LIMIT = 80  # code points, after trimming


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reader sent."""

    content: str
    author: str | None


def read_remark(document: Mapping[str, object]) -> Remark:
    """A new comment; Invalid names every fault."""
    fields = Fields(document)
    if not fields.has("content"):
        fields.fault("content", "is required")
    remark = Remark(_content(fields), _author(fields, document))
    fields.check()
    return remark


def read_overruling(document: Mapping[str, object]) -> Verdict:
    """What the author decides about a comment."""
    fields = Fields(document)
    status = fields.text("status")
    if status not in list(Verdict):
        fields.fault("status", "must be approved or rejected")
    fields.check()
    return Verdict(status)


def create(remark: Remark, *, comment_id: str, post_id: str, now: str) -> CommentState:
    """A new comment, pending."""
    return CommentState(
        id=comment_id,
        postId=post_id,
        author=remark.author,
        content=remark.content,
        status=Status.PENDING,
        createdAt=now,
        version=1,
    )


def judge(comment: CommentState, judgement: Judgement) -> CommentState:
    """The comment after moderation's verdict; a decided comment stays as it is."""
    if comment.status != Status.PENDING:
        return comment
    return _decide(comment, judgement.status, judgement.reason)


def overrule(comment: CommentState, verdict: Verdict) -> CommentState:
    """The comment after its author's decision, which moderation never changes again."""
    if comment.status.value == verdict.value:
        return comment
    return _decide(comment, verdict, Reason.AUTHOR)


def _decide(comment: CommentState, verdict: Verdict, reason: str | None) -> CommentState:
    return replace(
        comment,
        status=Status(verdict),
        reason=reason if verdict is Verdict.REJECTED else None,
        version=comment.version + 1,
    )


def as_read(comment: CommentState) -> dict[str, object]:
    """The comment as a reader gets it: author and content of approved comments only."""
    members: dict[str, object] = msgspec.to_builtins(comment)
    if comment.status == Status.APPROVED:
        return members
    return {**members, "author": None, "content": None}


def announce(comment: CommentState, now: str, cause: Cause) -> CloudEvent:
    """The event that tells of this version of the comment."""
    kind = COMMENT_CREATED if comment.version == 1 else COMMENT_UPDATED
    data = msgspec.to_builtins(comment)
    if kind is COMMENT_CREATED:
        del data["reason"]
    return CloudEvent(
        id=event_id(comment.id, comment.version),
        source=kind.source,
        type=kind.type,
        subject=comment.id,
        time=now,
        datacontenttype="application/json",
        dataschema=kind.dataschema,
        data=msgspec.json.encode(data),
        extensions=cause.extensions(partitionkey=comment.postId),
    )


def event_id(comment_id: str, version: int) -> str:
    """The id of the event that tells of this version of the comment."""
    return f"{comment_id}.{version}"


def _content(fields: Fields) -> str:
    content = fields.text("content")
    if not content.strip():
        fields.fault("content", "must not be empty or only white space")
    if len(content) > CONTENT_LIMIT:
        fields.fault("content", f"must have at most {CONTENT_LIMIT} characters")
    return content


def _author(fields: Fields, document: Mapping[str, object]) -> str | None:
    if document.get("author") is None:
        return None
    author = fields.text("author").strip()
    if len(author) > AUTHOR_LIMIT:
        fields.fault("author", f"must have at most {AUTHOR_LIMIT} characters after trimming")
    return author
