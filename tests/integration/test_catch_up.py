"""Catching up: whatever a broker lost, a copy takes it from the producers' histories."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from flask import Request
from werkzeug.test import Client

from eventing.answer import Answer
from eventing.cloudevent import read_event
from eventing.database import Transaction
from eventing.logs import fields_of
from eventing.reading import Peer
from eventing.subscriber import Subscriber
from eventing.upkeep import Upkeep
from functions.events import PostState
from functions.query.projection import READ_MODEL
from tests.databases import Databases
from tests.integration.blog import (
    STRUCTURED,
    Document,
    deliveries,
    document,
    event,
    post_data,
    send,
)
from tests.integration.copies import Copy, Story, served, told


@pytest.fixture
def story(databases: Databases) -> Iterator[Story]:
    """What was told so far has been compared."""
    with told(databases) as story:
        for copy in (story.query, story.comments):
            copy.upkeep().round()
        yield story


def lose(story: Story, *, to: str) -> None:
    """Deliver all events but for those to this function: its Trigger is missing."""
    story.blog.deliver(one for one in deliveries(story.blog.events()) if one.subscriber != to)


def facts(upkeep: Upkeep, feed: str) -> Any:
    return upkeep.check().facts[feed]


def kinds(upkeep: Upkeep) -> list[str]:
    return [trouble.kind for trouble in upkeep.check().troubles]


def errors(caplog: pytest.LogCaptureFixture) -> list[Mapping[str, object]]:
    """Those of copies: functions of other tests still run, and may tell that their folder went."""
    ours = ("eventing.catchup", "eventing.upkeep")
    records = [each for each in caplog.records if each.name in ours]
    return [fields_of(each) for each in records if each.levelno == logging.ERROR]


def change_everything(story: Story) -> str:
    """A post is written, another changed, a third deleted; the id of the new one."""
    gone = story.blog.write_post(title="To go", body="Another secret")["id"]
    story.blog.settle()
    new = story.blog.write_post(title="New", body="text")["id"]
    story.change(title="Changed")
    story.blog.delete(gone)
    return str(new)


def test_creation_update_and_deletion_that_were_lost_are_in_the_read_model_then(
    story: Story, databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    new = change_everything(story)
    lose(story, to="query")
    upkeep, query = story.query.upkeep(), story.blog.functions["query"]
    assert query.get(f"/posts/{new}").status_code == 404

    upkeep.round()

    assert document(query.get(f"/posts/{new}"))["title"] == "New"
    assert document(query.get(f"/posts/{story.kept}"))["title"] == "Changed"
    assert "Another secret" not in databases.dump("query")
    assert (facts(upkeep, "posts")["repaired"], facts(upkeep, "comments")["repaired"]) == (3, 0)
    assert kinds(upkeep) == ["copy-repaired"]
    [error] = errors(caplog)
    assert (error["feed"], error["events"]) == ("posts", 3)
    assert story.query.check() == []


def test_lost_comments_and_their_verdicts_are_in_the_read_model_then(story: Story) -> None:
    comment = story.blog.write_comment(story.kept, content="Lost")["id"]
    for _ in range(3):  # the comment, its verdict, what became of it
        lose(story, to="query")
    upkeep = story.query.upkeep()

    upkeep.round()

    read = story.blog.functions["query"].get(f"/posts/{story.kept}/comments/{comment}")
    assert document(read)["content"] == "Lost"
    assert facts(upkeep, "comments")["repaired"] == 2
    assert story.query.check() == []


def test_comments_are_taken_on_a_post_of_which_nobody_told_and_end_with_it(
    story: Story, databases: Databases
) -> None:
    new = story.blog.write_post(title="New")["id"]
    story.comments.upkeep().round()
    story.blog.write_comment(new, content="A third secret")

    story.blog.delete(new)
    upkeep = story.comments.upkeep()
    upkeep.round()

    answer = story.blog.functions["comments"].post(f"/posts/{new}/comments", json={"content": "x"})
    assert (answer.status_code, answer.headers.get("Retry-After")) == (404, None)
    assert "A third secret" not in databases.dump("comments")
    assert facts(upkeep, "posts")["repaired"] == 2
    assert story.comments.check() == []


def test_a_copy_that_lacks_nothing_is_not_changed(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    change_everything(story)
    story.blog.settle()
    whole, upkeep = story.query.rows(), story.query.upkeep()

    upkeep.round()

    assert story.query.rows() == whole
    assert facts(upkeep, "posts")["repaired"] == 0
    assert facts(upkeep, "posts")["comparedAt"] is not None
    assert (kinds(upkeep), errors(caplog)) == ([], [])


def test_what_may_still_be_on_its_way_is_left_to_the_broker(story: Story) -> None:
    new = change_everything(story)
    upkeep = story.query.upkeep(min_age=60)

    upkeep.round()

    assert story.blog.functions["query"].get(f"/posts/{new}").status_code == 404
    assert facts(upkeep, "posts") | {"comparedAt": None} == {
        "comparedAt": None,
        "behind": 4,  # "To go" is so young, too
        "repaired": 0,
        "repairedAt": None,
    }
    story.query.upkeep().round()
    assert story.blog.functions["query"].get(f"/posts/{new}").status_code == 200


def test_a_new_copy_is_filled_from_the_start(story: Story) -> None:
    whole = story.query.rows()
    tables = ("posts", "comments", "compared", "delivered")
    story.query.run(*(f"DELETE FROM {table}" for table in tables))  # noqa: S608

    story.query.upkeep().round()

    assert story.query.rows() == whole


def test_a_producer_of_the_version_before_can_be_read(story: Story) -> None:
    """Its links tell nothing of the history, nor do its answers tell how much remains."""
    new = change_everything(story)
    posts = story.blog.functions["posts"]

    def older(environ: Any, start: Any) -> Any:
        path = environ["PATH_INFO"]
        answer = posts.get(path, query_string={**Request(environ).args, "minAge": "0"})
        link = answer.headers["Link"].partition("&history=")[0] + '>; rel="next"'
        start("200 OK", [("Link", link), ("Content-Type", "application/json")])
        return [answer.data]

    with served(Client(older)) as address:
        story.query.feeds[1] = Peer("posts", address)
        for _ in range(2):
            story.query.upkeep().round()
        assert story.blog.functions["query"].get(f"/posts/{new}").status_code == 200
        assert story.query.check() == []


def test_an_event_that_fits_no_class_is_skipped_and_told(story: Story) -> None:
    story.spoil(title=7)
    new = story.blog.write_post(title="After it")["id"]
    upkeep = story.query.upkeep()

    upkeep.round()
    upkeep.round()

    assert story.blog.functions["query"].get(f"/posts/{new}").status_code == 200
    [trouble] = [each for each in upkeep.check().troubles if each.kind == "event-skipped"]
    assert "PostState" in trouble.detail


def test_an_event_that_cannot_be_applied_is_skipped_and_told_and_the_others_are_applied(
    story: Story, databases: Databases
) -> None:
    """A trigger stands for whatever a database may refuse."""
    story.query.run(*REFUSALS[databases.url("query").partition(":")[0]])
    bad = story.blog.write_post(title="Refused")["id"]
    good = story.blog.write_post(title="Taken")["id"]
    upkeep = story.query.upkeep()

    upkeep.round()

    query = story.blog.functions["query"]
    assert [query.get(f"/posts/{each}").status_code for each in (bad, good)] == [404, 200]
    [trouble] = [each for each in upkeep.check().troubles if each.kind == "event-skipped"]
    assert trouble.about.startswith(f"posts {bad}")
    assert facts(upkeep, "posts")["repaired"] == 1


REFUSALS = {
    "sqlite": [
        """CREATE TRIGGER refusal BEFORE UPDATE ON posts WHEN NEW.title = 'Refused'
        BEGIN SELECT RAISE(ABORT, 'refused'); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN RAISE unique_violation; END'""",
        """CREATE TRIGGER refusal BEFORE UPDATE ON posts FOR EACH ROW
        WHEN (NEW.title = 'Refused') EXECUTE FUNCTION refuse()""",
    ],
}


def test_a_text_that_is_deleted_while_its_page_is_read_does_not_come_back(
    story: Story, databases: Databases
) -> None:
    new = story.blog.write_post(title="New", body="A fourth secret")["id"]
    removal = event("PostDeleted", {"id": new, "version": 2})

    def delete(_: Transaction, posts: Sequence[PostState]) -> Sequence[bool]:
        assert send(story.blog.functions["query"], removal).status_code == 202
        return [True] * len(posts)

    rules = [replace(rule, lacking=delete) for rule in READ_MODEL.rules]
    Copy(replace(READ_MODEL, rules=rules), story.query.database, story.query.feeds).upkeep().round()

    assert "A fourth secret" not in databases.dump("query")


def test_a_deletion_that_was_lost_reaches_what_is_being_rebuilt(
    story: Story, databases: Databases
) -> None:
    """The replay has read the text, and nobody goes on with it."""
    story.query.replay().fill()
    story.blog.delete(story.kept)
    assert "First" in databases.dump("query")

    story.query.upkeep().round()

    assert "First" not in databases.dump("query")
    assert "v2" not in databases.dump("query")


def test_what_no_history_has_ever_had_is_gone_again(story: Story) -> None:
    """As when events come from a history that was lost, while the broker still had them."""
    query = story.blog.functions["query"]
    forged = post_data(id=story.kept, title="Forged", version=9)
    upkeep = story.query.upkeep()
    assert delivered(upkeep, event("PostUpdated", forged)).status == 202

    upkeep.round()
    assert document(query.get(f"/posts/{story.kept}"))["title"] == "Forged"
    upkeep.round()

    assert document(query.get(f"/posts/{story.kept}"))["title"] == "Kept"
    assert story.query.check() == []


def delivered(upkeep: Upkeep, message: Document) -> Answer:
    """The answer of the function to an event, if it is compared with feeds."""
    headers = {"content-type": STRUCTURED}
    return Subscriber(upkeep.subscriptions()).take(
        read_event(headers, json.dumps(message).encode())
    )
