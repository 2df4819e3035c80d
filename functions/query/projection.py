"""The read model follows the events: whatever their order, however often they come."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from eventing.database import Transaction
from eventing.patience import step_aside
from eventing.projection import Projection, Rule
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


def post_written(tx: Transaction, post: PostState) -> bool:
    """`PostCreated`, `PostUpdated`: the post is as of this version, unless a newer came."""
    known = store.hold_post(tx, post.id)
    store.note_first_post(tx, post.id)
    if known.deleted or post.version <= known.version:
        return False
    seen = store.Post(
        **msgspec.to_builtins(post),
        excerpt=excerpt(post.body, post.title),
        approved=known.approved,
    )
    store.save_post(tx, seen, _summary(tx, seen))
    return True


def post_deleted(tx: Transaction, removal: PostRemoval) -> bool:
    """`PostDeleted`: nothing is read of the post or its comments ever again."""
    step_aside()
    known = store.hold_post(tx, removal.id)
    store.blank_post(tx, removal.id, max(known.version, removal.version))
    return not known.deleted


def comment_written(tx: Transaction, comment: CommentState) -> bool:
    """`CommentCreated`, `CommentUpdated`: as with posts; the post itself may come later."""
    post = store.hold_post(tx, comment.postId)
    known = store.find_comment(tx, comment.id)
    if known and comment.version <= known.version:
        return False
    kept = replace(comment, author=None, content="") if post.deleted else comment
    store.save_comment(tx, kept)
    store.count_approved(tx, known, kept)
    if post.listed:
        _summarise(tx, post.id)
    return True


def _lacks_posts(tx: Transaction, posts: Sequence[PostState]) -> list[bool]:
    known = store.versions(tx, "posts", [post.id for post in posts])
    return [post.version > known.get(post.id, 0) for post in posts]


def _lacks_deletions(tx: Transaction, removals: Sequence[PostRemoval]) -> list[bool]:
    deleted = store.deleted(tx, [removal.id for removal in removals])
    return [removal.id not in deleted for removal in removals]


def _lacks_comments(tx: Transaction, comments: Sequence[CommentState]) -> list[bool]:
    known = store.versions(tx, "comments", [comment.id for comment in comments])
    return [comment.version > known.get(comment.id, 0) for comment in comments]


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
        Rule(POST_CREATED, post_written, _lacks_posts),
        Rule(POST_UPDATED, post_written, _lacks_posts),
        Rule(POST_DELETED, post_deleted, _lacks_deletions),
        Rule(COMMENT_CREATED, comment_written, _lacks_comments),
        Rule(COMMENT_UPDATED, comment_written, _lacks_comments),
    ],
)
"""Copies state: the version decides, an older or equal one changes nothing."""
