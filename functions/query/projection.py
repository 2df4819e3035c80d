"""The read model follows the events: whatever their order, however often they come."""

from dataclasses import replace

import msgspec

from eventing.database import Transaction
from eventing.patience import step_aside
from eventing.projection import Projection
from functions.events import (
    COMMENT_CREATED,
    COMMENT_UPDATED,
    POST_CREATED,
    POST_DELETED,
    POST_UPDATED,
    CommentState,
    PostRemoval,
    PostState,
)
from functions.query import store
from functions.query.excerpt import excerpt
from functions.query.views import summary


def post_written(tx: Transaction, post: PostState) -> None:
    """`PostCreated`, `PostUpdated`: the post is as of this version, unless a newer came."""
    known = store.hold_post(tx, post.id)
    if known.deleted or post.version <= known.version:
        return
    seen = store.Post(
        **msgspec.to_builtins(post),
        excerpt=excerpt(post.body, post.title),
        approved=known.approved,
    )
    store.save_post(tx, seen, _summary(tx, seen))


def post_deleted(tx: Transaction, removal: PostRemoval) -> None:
    """`PostDeleted`: nothing is read of the post or its comments ever again."""
    step_aside()
    known = store.hold_post(tx, removal.id)
    store.blank_post(tx, removal.id, max(known.version, removal.version))


def comment_written(tx: Transaction, comment: CommentState) -> None:
    """`CommentCreated`, `CommentUpdated`: as with posts; the post itself may come later."""
    post = store.hold_post(tx, comment.postId)
    known = store.find_comment(tx, comment.id)
    if known and comment.version <= known.version:
        return
    kept = replace(comment, author=None, content="") if post.deleted else comment
    store.save_comment(tx, kept)
    store.count_approved(tx, known, kept)
    if post.listed:
        _summarise(tx, post.id)


def _summarise(tx: Transaction, post_id: str) -> None:
    post = store.read_post(tx, post_id)
    if post:
        store.save_summary(tx, post_id, _summary(tx, post))


def _summary(tx: Transaction, post: store.Post) -> str:
    return summary(post, store.newest_approved(tx, post.id) if post.approved else ())


READ_MODEL = Projection(
    ("posts", "comments"),
    store.MIGRATIONS,
    [
        (POST_CREATED, post_written),
        (POST_UPDATED, post_written),
        (POST_DELETED, post_deleted),
        (COMMENT_CREATED, comment_written),
        (COMMENT_UPDATED, comment_written),
    ],
)
"""Copies state: the version decides, an older or equal one changes nothing."""
