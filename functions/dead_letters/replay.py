"""Makes the copy of which posts have been deleted again from the feed of `posts`; a program."""

from eventing.replaying import program
from functions.dead_letters.projection import DELETED_POSTS
from functions.dead_letters.store import open_database

if __name__ == "__main__":
    program("dead_letters", DELETED_POSTS, open_database)()
