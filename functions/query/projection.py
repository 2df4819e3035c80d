"""The read model follows the events: whatever their order, however often they come."""

from dataclasses import dataclass, replace

from eventing.cloudevent import CloudEvent
from eventing.database import Database, Transaction
from functions.events import CommentState, PostRemoval, PostState
from functions.query import store
from functions.query.excerpt import excerpt
from functions.query.views import summary


@dataclass(frozen=True, slots=True)
class Projection:
    """Copies state: the version decides, an older or equal one changes nothing."""

    database: Database

    def post_written(self, _event: CloudEvent, post: PostState) -> None:
        """`PostCreated`, `PostUpdated`: the post is as of this version, unless a newer came."""
        with self.database.transaction() as tx:
            known = store.hold_post(tx, post.id)
            if known.deleted or post.version <= known.version:
                return
            store.save_post(tx, post, excerpt(post.body))
            _summarise(tx, post.id)

    def post_deleted(self, _event: CloudEvent, removal: PostRemoval) -> None:
        """`PostDeleted`: nothing is read of the post or its comments ever again."""
        with self.database.transaction() as tx:
            known = store.hold_post(tx, removal.id)
            store.blank_post(tx, removal.id, max(known.version, removal.version))

    def comment_written(self, _event: CloudEvent, comment: CommentState) -> None:
        """`CommentCreated`, `CommentUpdated`: as with posts; the post itself may come later."""
        with self.database.transaction() as tx:
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
        newest = store.newest_approved(tx, post_id)
        store.save_summary(tx, post_id, summary(post, newest))
