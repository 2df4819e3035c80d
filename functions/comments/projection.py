"""Which posts there are: a copy of what `posts` says, as far as comments need it."""

from eventing.database import Transaction
from eventing.projection import Projection
from functions.comments import store
from functions.events import POST_CREATED, POST_DELETED, PostRemoval, PostState


def post_created(tx: Transaction, post: PostState) -> None:
    """From now on the post takes comments, unless it was deleted before."""
    store.add_post(tx, post)


def post_deleted(tx: Transaction, removal: PostRemoval) -> None:
    """No comment is taken any more, and those there are lose their text."""
    store.delete_post(tx, removal)


POSTS = Projection(
    ("posts",),
    store.POSTS_MIGRATIONS,
    [(POST_CREATED, post_created), (POST_DELETED, post_deleted)],
)
