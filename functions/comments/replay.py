"""Makes the copy of the posts anew from the feed of `posts`; a program of its own."""

from eventing.replaying import program
from functions.comments.projection import POSTS
from functions.comments.store import open_database

if __name__ == "__main__":
    program("comments", POSTS, open_database)()
