"""Replay: whatever became of a copy, the feeds make exactly it again."""

from collections.abc import Iterator, Mapping

import pytest

from tests.databases import Databases, NewDatabases, of_every_kind
from tests.integration.blog import send
from tests.integration.copies import Story, told

new_databases = of_every_kind


@pytest.fixture(scope="module")
def databases(new_databases: NewDatabases) -> Iterator[Databases]:
    """The same for all tests here: each one leaves the copies whole."""
    with new_databases() as databases:
        yield databases


@pytest.fixture(scope="module")
def story(databases: Databases) -> Iterator[Story]:
    with told(databases) as story:
        yield story


DAMAGE: Mapping[str, tuple[str, ...]] = {
    "nothing is left": ("DELETE FROM comments", "DELETE FROM posts"),
    "a comment is missing": ("DELETE FROM comments WHERE content = 'First'",),
    "a post is missing": ("DELETE FROM posts WHERE title = 'Kept'",),
    "a text is another": ("UPDATE comments SET content = 'Frist' WHERE content = 'First'",),
    "a version is too low": ("UPDATE posts SET version = 1, body = 'v1' WHERE title = 'Kept'",),
    "a version is too high": ("UPDATE comments SET version = 99, status = 'pending'",),
    "a count is wrong": ("UPDATE posts SET approved = 7 WHERE title = 'Kept'",),
    "a post is in no list": ("UPDATE posts SET summary = NULL",),
    "a deleted post is back": ("UPDATE posts SET deleted = 0, title = 'Back' WHERE deleted = 1",),
    "a post that never was": ("INSERT INTO posts (id, title, version) VALUES ('x', 'X', 1)",),
}


@pytest.mark.parametrize("statements", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_read_model_is_mended_to_exactly_the_same_rows(
    story: Story, statements: tuple[str, ...]
) -> None:
    whole = story.query.rows()
    story.query.run(*statements)
    damaged = story.query.rows()
    wrong = {
        (table, key)
        for table in whole
        for key in whole[table].keys() | damaged[table].keys()
        if whole[table].get(key) != damaged[table].get(key)
    }

    found = {tuple(line.split()[:2]) for line in story.query.check()}

    assert found == wrong != set()
    assert story.query.rows() == damaged
    story.query.rebuild()
    assert story.query.rows() == whole
    assert story.query.check() == []


def test_what_is_wrong_is_said_without_any_text(story: Story) -> None:
    story.query.run(
        "UPDATE comments SET content = 'Frist' WHERE content = 'First'",
        "DELETE FROM posts WHERE deleted = 1",
        "INSERT INTO comments (id, post_id, version, status, created_at, content)"
        " VALUES ('x', 'p', 1, 'approved', '', 'Never written')",
    )

    assert story.query.check() == [
        f"posts {story.gone} is missing",
        f"comments {story.first} differs in content",
        "comments x should not be there",
    ]
    story.query.rebuild()


def test_a_damaged_copy_of_the_posts_is_mended_and_comments_of_a_deleted_one_blanked(
    story: Story, databases: Databases
) -> None:
    whole = story.comments.rows()
    story.comments.run(
        "DELETE FROM posts WHERE deleted = 0",
        "UPDATE posts SET deleted = 0",
        "UPDATE comments SET content = 'Slipped in' WHERE content = ''",
    )

    assert story.comments.check() == [
        f"posts {story.kept} is missing",
        f"posts {story.gone} differs in deleted",
    ]
    story.comments.rebuild()

    assert story.comments.rows() == whole
    assert "Slipped in" not in databases.dump("comments")


def test_nothing_deleted_comes_back(story: Story, databases: Databases) -> None:
    story.query.run("DELETE FROM posts", "DELETE FROM comments")

    story.query.rebuild()

    assert "secret" not in databases.dump("query")
    query = story.blog.functions["query"]
    assert query.get(f"/posts/{story.gone}").status_code == 404
    assert query.get(f"/posts/{story.kept}").status_code == 200


def test_nothing_is_left_of_what_was_replaced_or_only_compared(story: Story) -> None:
    story.query.rebuild()
    story.query.check()
    last = story.query.replay()
    rebuild = last.fill()
    assert story.query.has(rebuild.name("posts"))

    last.end(rebuild, take_place=True)

    assert not any(story.query.has(f"rebuild{n}_posts") for n in range(rebuild.number + 1))


def test_a_copy_whose_events_came_in_another_order_has_nothing_wrong(story: Story) -> None:
    whole = story.query.rows()
    story.query.run("DELETE FROM posts", "DELETE FROM comments")

    for one in reversed(story.blog.events()):
        assert send(story.blog.functions["query"], one).status_code == 202

    assert story.query.check() == []
    assert story.query.rows() == whole
