"""What a post is, what may be written in it, and which events tell of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from eventing.cause import Cause
from eventing.cloudevent import CloudEvent
from eventing.fields import Fields
from functions.events import (
    POST_CREATED,
    POST_DELETED,
    POST_UPDATED,
    EventType,
    PostRemoval,
    PostState,
)

TITLE_LIMIT = 200  # code points, after trimming
BODY_LIMIT = 64 * 1024  # bytes of UTF-8


@dataclass(frozen=True, slots=True)
class Draft:
    """What the author sent; None leaves that part as it is."""

    title: str | None
    body: str | None


def read_new_post(document: Mapping[str, object]) -> Draft:
    """A whole post; Invalid names every fault."""
    fields = Fields(document)
    if not fields.has("title"):
        fields.fault("title", "is required")
    draft = Draft(_title(fields), _body(fields))
    fields.check()
    return draft


def read_change(document: Mapping[str, object]) -> Draft:
    """The parts to change; Invalid names every fault."""
    fields = Fields(document)
    draft = Draft(
        _title(fields) if fields.has("title") else None,
        _body(fields) if fields.has("body") else None,
    )
    fields.check()
    return draft


def create(draft: Draft, *, post_id: str, now: str) -> PostState:
    """The first version of a post."""
    return PostState(
        id=post_id,
        title=draft.title or "",
        body=draft.body or "",
        createdAt=now,
        updatedAt=now,
        version=1,
    )


def change(post: PostState, draft: Draft, now: str) -> PostState:
    """The post with the draft's parts; the very same post when nothing differs."""
    title = post.title if draft.title is None else draft.title
    body = post.body if draft.body is None else draft.body
    if (title, body) == (post.title, post.body):
        return post
    return replace(post, title=title, body=body, updatedAt=now, version=post.version + 1)


def announce(post: PostState, cause: Cause) -> CloudEvent:
    """The event that tells of this version of the post."""
    kind = POST_CREATED if post.version == 1 else POST_UPDATED
    return _event(kind, post, post.updatedAt, cause)


def announce_deletion(removal: PostRemoval, now: str, cause: Cause) -> CloudEvent:
    """The event that tells that the post is gone for ever."""
    return _event(POST_DELETED, removal, now, cause)


def _event(kind: EventType, data: PostState | PostRemoval, time: str, cause: Cause) -> CloudEvent:
    return CloudEvent(
        id=f"{data.id}.{data.version}",
        source=kind.source,
        type=kind.type,
        subject=data.id,
        time=time,
        datacontenttype="application/json",
        dataschema=kind.dataschema,
        data=msgspec.json.encode(data),
        extensions=cause.extensions(partitionkey=data.id),
    )


def _title(fields: Fields) -> str:
    title = fields.text("title").strip()
    if not 1 <= len(title) <= TITLE_LIMIT:
        fields.fault("title", f"must have 1 to {TITLE_LIMIT} characters after trimming")
    return title


def _body(fields: Fields) -> str:
    body = fields.text("body")
    if len(body.encode()) > BODY_LIMIT:
        fields.fault("body", f"must have at most {BODY_LIMIT} bytes in UTF-8")
    return body
