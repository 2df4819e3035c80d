"""Migrations after a replay: the tables that serve then are others, with indexes of other names."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from eventing import rebuild
from eventing.database import Database
from functions.query import store
from tests.databases import Databases
from tests.integration.copies import Copy, Story, told

LATER = """DROP INDEX posts_listed;
CREATE INDEX posts_listed ON posts (created_at);
DROP INDEX comments_of_post;
ALTER TABLE posts ADD COLUMN later TEXT NOT NULL DEFAULT ''
"""


@pytest.fixture
def story(databases: Databases) -> Iterator[Story]:
    with told(databases) as story:
        yield story


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations of a later version."""
    folder = tmp_path / "query" / "migrations"
    shutil.copytree(store.MIGRATIONS, folder)
    (folder / "9999_later.sql").write_text(LATER)
    return folder


def upgraded(databases: Databases, later: Path) -> Database:
    return Database(databases.url("query"), [rebuild.MIGRATIONS, later])


def test_a_migration_finds_each_index_by_its_name(
    story: Story, databases: Databases, later: Path
) -> None:
    story.query.rebuild()
    story.query.rebuild()

    with closing(upgraded(databases, later)) as database, database.snapshot() as tx:
        assert tx.row("SELECT later FROM posts WHERE id = ?", story.kept) is not None


def test_so_it_does_while_the_replaced_tables_are_still_there(
    story: Story, databases: Databases, later: Path
) -> None:
    filled = story.query.replay().fill()
    with story.query.database.transaction() as tx:
        filled.end(tx, take_place=True)

    with closing(upgraded(databases, later)) as database:
        copy = Copy(replace(story.query.projection, migrations=later), database, story.query.feeds)
        assert copy.check() == []
        copy.rebuild()
        assert copy.check() == []


def test_nothing_is_renamed_where_nothing_was_replaced(
    story: Story, databases: Databases, later: Path
) -> None:
    """Not even while tables are filled beside those that serve."""
    story.query.replay().fill()

    with closing(upgraded(databases, later)) as database:
        copy = Copy(story.query.projection, database, story.query.feeds)
        begun = copy.begun()
        assert begun is not None
        assert copy.has(begun.name("posts"))
