"""Makes the read model anew from the feeds of `posts` and `comments`; a program of its own."""

from eventing.replaying import program
from functions.query.projection import READ_MODEL
from functions.query.store import open_database

if __name__ == "__main__":
    program("query", READ_MODEL, open_database)()
