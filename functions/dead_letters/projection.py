"""Which posts have been deleted, as `posts` says: no letter keeps their texts."""

from eventing.projection import Projection, Rule
from functions.dead_letters import store
from functions.events import POST_DELETED

DELETED_POSTS = Projection(
    ("deleted_posts",),
    store.DELETED_POSTS_MIGRATIONS,
    [Rule(POST_DELETED, store.delete_post, store.lacks_deletions)],
)
