"""Which posts there are: a copy of what `posts` says, as far as comments need it."""

from eventing.projection import Projection, Rule
from functions.comments import store
from functions.events import POST_CREATED, POST_DELETED

POSTS = Projection(
    ("posts",),
    store.POSTS_MIGRATIONS,
    [
        Rule(POST_CREATED, store.add_post, store.lacks_posts),
        Rule(POST_DELETED, store.delete_post, store.lacks_deletions),
    ],
)
