"""The published language: the types, sources and data of every event, and nothing else.

Data changes by addition only; whoever reads ignores what it does not know.
"""

import builtins
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

POSTS = "/posts"
COMMENTS = "/comments"
MODERATION = "/moderation"

# Python's `$` lets a line break follow, which no header can carry; its \Z is in no other language.
_END = r"$(?!\n)"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z" + _END

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+" + _END)]
Version = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Text = Annotated[str, Meta(max_length=262_144)]
Time = Annotated[str, Meta(pattern=_TIME, max_length=27)]


class Status(StrEnum):
    """What has been decided about a comment."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class Reason(StrEnum):
    """The categories of rejection known so far; a reader accepts others."""

    WORD_LIST = "word-list"
    AUTHOR = "author"


class Verdict(StrEnum):
    """What moderation, or the author, may decide about a comment."""

    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostState:
    """Data of `PostCreated` and `PostUpdated`: the whole post at that version."""

    id: Id
    title: Text
    body: Text
    createdAt: Time  # noqa: N815 - the wire's name
    updatedAt: Time  # noqa: N815
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRemoval:
    """Data of `PostDeleted`."""

    id: Id
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentState:
    """Data of `CommentCreated` and `CommentUpdated`: the whole comment at that version.

    `reason` is null unless the comment is rejected, and absent from `CommentCreated`.
    """

    id: Id
    postId: Id  # noqa: N815
    author: Text | None
    content: Text
    status: Status
    createdAt: Time  # noqa: N815
    version: Version
    reason: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Data of `CommentModerated`: the verdict on one version of a comment."""

    id: Id
    postId: Id  # noqa: N815
    commentVersion: Version  # noqa: N815
    status: Verdict
    reason: Text | None


Data = PostState | PostRemoval | CommentState | Judgement


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of event: its CloudEvents `type`, the `source` that emits it, its data."""

    type: str
    source: str
    data: builtins.type[Data]

    @property
    def dataschema(self) -> str:
        """The name of the data's JSON Schema, the same wherever the blog runs (docs/events)."""
        return f"urn:sleeping-blog:{self.type}:1"


POST_CREATED = EventType("PostCreated", POSTS, PostState)
POST_UPDATED = EventType("PostUpdated", POSTS, PostState)
POST_DELETED = EventType("PostDeleted", POSTS, PostRemoval)
COMMENT_CREATED = EventType("CommentCreated", COMMENTS, CommentState)
COMMENT_UPDATED = EventType("CommentUpdated", COMMENTS, CommentState)
COMMENT_MODERATED = EventType("CommentModerated", MODERATION, Judgement)

EVENT_TYPES = (
    POST_CREATED,
    POST_UPDATED,
    POST_DELETED,
    COMMENT_CREATED,
    COMMENT_UPDATED,
    COMMENT_MODERATED,
)

REACHES = {
    POST_CREATED: ("query", "comments"),
    POST_UPDATED: ("query",),
    POST_DELETED: ("query", "comments", "dead_letters"),
    COMMENT_CREATED: ("moderation", "query"),
    COMMENT_MODERATED: ("comments",),
    COMMENT_UPDATED: ("query",),
}
"""Which functions each event must reach: what the Triggers are checked against."""
