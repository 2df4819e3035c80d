"""The four functions together: whatever the order of delivery and however often, one blog."""

import itertools
import json
import logging
from collections.abc import Callable
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventing.logs import JsonLines
from tests.databases import Databases, NewDatabases
from tests.integration.blog import (
    Blog,
    Document,
    client,
    deliveries,
    document,
    history,
    pages,
    read_model,
    send,
)

TOKEN = "s3cret-of-the-author"  # noqa: S105 - the author's, in these tests


def overrule(blog: Blog, comment: Document, status: str) -> None:
    path = f"/posts/{comment['postId']}/comments/{comment['id']}"
    answer = blog.functions["comments"].patch(path, json={"status": status})
    assert answer.status_code in (200, 404)


def change(blog: Blog, post: Document, **members: object) -> None:
    answer = blog.functions["posts"].patch(f"/posts/{post['id']}", json=members)
    assert answer.status_code in (200, 404)


ReadAfter = Callable[[list[Document]], Document]


class Story(NamedTuple):
    """A finished history: its events, and what readers see of them."""

    events: list[Document]
    seen: Document


@pytest.fixture(scope="module")
def story(new_databases: NewDatabases) -> Story:
    """Updates, deletions, second verdicts, and an author who overrules before and after them."""
    with new_databases() as databases:
        return tell(Blog(databases))


def tell(blog: Blog) -> Story:
    kept, gone = blog.write_post(title="Kept", body="v1"), blog.write_post(title="Gone", body="x")
    blog.write_post(title="Gone before anybody saw it")
    change(blog, kept, body="v2")
    blog.settle()
    for number in range(7):
        blog.write_comment(kept["id"], content=f"Comment {number}", author="Ann")
    early = blog.write_comment(kept["id"], content="The author is faster")
    late = blog.write_comment(kept["id"], content="An orange that the author likes")
    blog.write_comment(kept["id"], content="An orange")
    blog.write_comment(gone["id"], content="Gone as well")
    overrule(blog, early, "rejected")
    blog.settle()
    blog.write_comment(gone["id"], content="Never judged")
    overrule(blog, late, "approved")
    change(blog, kept, title="Kept for good")
    for post in (gone, blog.write_post(title="Short-lived")):
        blog.delete(post["id"])
    blog.settle()
    return Story(blog.events(), read_model(blog.functions["query"]))


@pytest.fixture(scope="module")
def read_after(new_databases: NewDatabases) -> ReadAfter:
    """What readers see once `query` alone got these events."""

    def read(events: list[Document]) -> Document:
        with new_databases() as databases:
            query = client("query", databases)
            for one in events:
                assert send(query, one).status_code == 202
            return read_model(query)

    return read


def to_query(story: Story) -> list[Document]:
    return [one for one, subscriber in deliveries(story.events) if subscriber == "query"]


def test_the_story_ends_as_its_commands_say(story: Story) -> None:
    titles = [post["title"] for post in story.seen["list"]]
    assert titles == ["Gone before anybody saw it", "Kept for good"]
    kept = story.seen["list"][1]
    shown = [comment["content"] for comment in kept["comments"]]
    assert shown == [*(f"Comment {n}" for n in range(3, 7)), "An orange that the author likes"]
    comments = story.seen["comments"][kept["id"]]
    decided = [(one["status"], one["reason"]) for one in comments[7:]]
    assert decided == [("rejected", "author"), ("approved", None), ("rejected", "word-list")]
    assert kept["commentCount"] == 8


def test_in_reverse_order_readers_see_the_same(story: Story, read_after: ReadAfter) -> None:
    assert read_after(to_query(story)[::-1]) == story.seen


def test_with_each_event_ten_times_readers_see_the_same(
    story: Story, read_after: ReadAfter
) -> None:
    ten_times = [one for one in to_query(story) for _ in range(10)]
    assert read_after(ten_times) == story.seen


def test_with_comments_before_their_posts_readers_see_the_same(
    story: Story, read_after: ReadAfter
) -> None:
    assert read_after(sorted(to_query(story), key=lambda one: one["source"])) == story.seen


def test_with_updates_before_their_creation_readers_see_the_same(
    story: Story, read_after: ReadAfter
) -> None:
    latest_first = sorted(to_query(story), key=lambda one: -one["data"]["version"])
    assert read_after(latest_first) == story.seen


@settings(max_examples=40)
@given(st.randoms(use_true_random=False))
def test_in_any_order_and_any_number_of_times_readers_see_the_same(
    story: Story, read_after: ReadAfter, chance: Random
) -> None:
    once = to_query(story)
    often = once + chance.choices(once, k=len(once))
    chance.shuffle(often)
    assert read_after(often) == story.seen


def test_a_replay_of_all_events_makes_no_new_ones(databases: Databases, story: Story) -> None:
    blog = Blog(databases)
    post = blog.write_post(title="One")
    blog.settle()
    comment = blog.write_comment(post["id"], content="An orange")
    overrule(blog, comment, "approved")
    blog.settle()
    before = blog.events(), read_model(blog.functions["query"])
    again = deliveries(blog.events() + story.events)
    blog.deliver([*again[::-1], *again])
    after = [one for one in blog.events() if one["source"] != "/moderation"]
    assert after == [one for one in before[0] if one["source"] != "/moderation"]
    assert (
        document(blog.functions["query"].get(f"/posts/{post['id']}"))
        == (before[1]["posts"][post["id"]])
    )


class Chaos:
    """A blog whose events arrive when chance has it, some of them again and again."""

    def __init__(self, databases: Databases, chance: Random) -> None:
        self.blog = Blog(databases)
        self.chance = chance
        self.posts: list[Document] = []
        self.comments: list[Document] = []
        self.wishes: dict[str, str] = {}

    def post(self) -> None:
        self.posts.append(self.blog.write_post(title=f"Post {len(self.posts)}"))

    def change(self) -> None:
        if self.posts:
            change(self.blog, self.chance.choice(self.posts), body=str(self.chance.random()))

    def delete(self) -> None:
        if self.posts:
            post = self.chance.choice(self.posts)
            self.blog.functions["posts"].delete(f"/posts/{post['id']}")

    def comment(self) -> None:
        if self.posts:
            path = f"/posts/{self.chance.choice(self.posts)['id']}/comments"
            text = self.chance.choice(["An orange", "Well said"])
            answer = self.blog.functions["comments"].post(path, json={"content": text})
            self.comments += [document(answer)] if answer.status_code == 201 else []

    def overrule(self) -> None:
        if self.comments:
            comment = self.chance.choice(self.comments)
            status = self.chance.choice(["approved", "rejected"])
            overrule(self.blog, comment, status)
            self.wishes[comment["id"]] = status

    def deliver(self) -> None:
        possible = deliveries(self.blog.events())
        self.blog.deliver(self.chance.choices(possible, k=min(len(possible), 6)))

    def expected(self, comment: Document) -> str:
        judged = "rejected" if "orange" in comment["content"] else "approved"
        return self.wishes.get(comment["id"], judged)


OFTEN = [Chaos.comment, Chaos.deliver]
STEPS = [Chaos.post, Chaos.change, Chaos.overrule, Chaos.delete, *OFTEN, *OFTEN]


@settings(max_examples=25)
@given(
    st.lists(st.sampled_from(STEPS), min_size=5, max_size=20),
    st.randoms(use_true_random=False),
)
def test_commands_among_deliveries_at_random_end_in_what_the_owners_hold(
    new_databases: NewDatabases, steps: list[Callable[[Chaos], None]], chance: Random
) -> None:
    with new_databases() as databases:
        chaos = Chaos(databases, chance)
        for step in [Chaos.post, Chaos.deliver, *steps]:
            step(chaos)
        chaos.blog.settle()
        query = chaos.blog.functions["query"]
        told = {one["subject"]: one for one in history(chaos.blog.functions["posts"])}
        alive = {one["data"]["id"]: one["data"] for one in told.values() if "title" in one["data"]}
        listed = {post["id"]: post for post in pages(query, "/posts", "posts")}
        assert {name: (post["title"], post["version"]) for name, post in listed.items()} == {
            name: (post["title"], post["version"]) for name, post in alive.items()
        }
        for comment in chaos.comments:
            path = f"/posts/{comment['postId']}/comments/{comment['id']}"
            seen = query.get(path)
            assert seen.status_code == (200 if comment["postId"] in alive else 404)
            if seen.status_code == 200:
                assert document(seen)["status"] == chaos.expected(comment)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_no_table_of_any_function_keeps_a_text_of_a_deleted_post(
    databases: Databases, order: tuple[int, int, int]
) -> None:
    blog = Blog(databases)
    post = blog.write_post(title="A secret title", body="A secret body")
    blog.settle()
    for words in ("A secret comment", "A secret orange"):
        blog.write_comment(post["id"], content=words, author="A secret author")
    change(blog, post, body="Another secret body")
    before = blog.events()
    blog.delete(post["id"])
    waves = [before, blog.events(), blog.events()]
    for index in order:
        blog.deliver(deliveries(waves[index]))
    blog.settle()
    kept = {name for name in blog.functions if "secret" in databases.dump(name)}
    assert kept == set()
    assert read_model(blog.functions["query"])["list"] == []


def test_no_log_line_has_a_token_or_a_text(
    databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    blog = Blog(databases, AUTHOR_TOKEN=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    posts, comments = blog.functions["posts"], blog.functions["comments"]
    answer = posts.post("/posts", json={"title": "Hidden", "body": "Hidden"}, headers=headers)
    blog.settle()
    path = f"/posts/{document(answer)['id']}"
    for author in ("Hidden", "Hidden" * 20, "Hidden\0"):
        comments.post(f"{path}/comments", json={"content": "A Hidden orange", "author": author})
    posts.post("/posts", data='{"Hidden": ', content_type="application/json", headers=headers)
    posts.patch(path, json={"title": "Hidden"}, headers={"Authorization": f"Bearer {TOKEN}x"})
    blog.settle()
    posts.delete(path, headers=headers)
    blog.settle()
    lines = [JsonLines("any").format(record) for record in caplog.records]
    assert not any("Hidden" in line or TOKEN in line for line in lines)
    told = [json.loads(line) for line in lines]
    named = {"correlationid", "type", "id", "outcome", "duration"}
    assert all(named <= line.keys() for line in told if line["event"] == "event")
    assert {line["event"] for line in told} >= {"event", "request"}
