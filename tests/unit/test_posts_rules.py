"""The rules of `posts`, without HTTP and without a database."""

import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventing.cause import Cause
from eventing.problem import Invalid
from functions.events import PostRemoval, PostState
from functions.posts import rules
from tests.unit.texts import ANY_TEXT, CHARACTER, NO_TEXT, UNKEEPABLE

THEN, NOW = "2026-01-31T12:00:00.000000Z", "2026-01-31T12:00:01.000000Z"
POST = PostState(id="p1", title="One", body="Text", createdAt=THEN, updatedAt=THEN, version=3)
CAUSE = Cause("the-request", traceparent=None)


def faults(document: dict[str, object]) -> list[str]:
    with pytest.raises(Invalid) as refused:
        rules.read_new_post(document)
    return [fault.pointer for fault in refused.value.faults]


@given(CHARACTER, st.just(200) | st.integers(1, 200))
def test_a_title_may_have_1_to_200_code_points(char: str, length: int) -> None:
    assert rules.read_new_post({"title": char * length}).title == char * length


@given(CHARACTER, st.just(201) | st.integers(201, 500))
def test_a_longer_title_is_refused_even_where_it_has_few_visible_characters(
    char: str, length: int
) -> None:
    assert faults({"title": char * length}) == ["#/title"]


@given(st.text(" \t\n\r\u00a0\u2003\u3000", min_size=1))
def test_white_space_around_a_title_is_not_counted_and_not_kept(space: str) -> None:
    assert rules.read_new_post({"title": f"{space}{'x' * 200}{space}"}).title == "x" * 200


@given(st.text(" \t\n\u00a0\u3000"))
def test_a_title_of_white_space_is_refused(space: str) -> None:
    assert faults({"title": space}) == ["#/title"]


@given(ANY_TEXT)
def test_a_body_is_kept_exactly_as_sent(body: str) -> None:
    assert rules.read_new_post({"title": "x", "body": body}).body == body


@pytest.mark.parametrize("char", ["x", "é", "€", "😀"])
def test_a_body_may_have_64_kib_of_utf_8_and_not_a_byte_more(char: str) -> None:
    fits = char * (64 * 1024 // len(char.encode()))
    room = 64 * 1024 - len(fits.encode())
    assert rules.read_new_post({"title": "x", "body": fits}).body == fits
    assert faults({"title": "x", "body": fits + "x" * (room + 1)}) == ["#/body"]


def test_a_post_without_a_body_has_an_empty_one() -> None:
    draft = rules.read_new_post({"title": "x"})
    assert rules.create(draft, post_id="p1", now=NOW).body == ""


@given(UNKEEPABLE, st.sampled_from(["title", "body"]))
def test_nul_and_lone_surrogates_are_refused(text: str, member: str) -> None:
    assert faults({"title": "x", member: text}) == [f"#/{member}"]


@given(NO_TEXT, NO_TEXT)
def test_every_fault_is_told_at_once(title: object, body: object) -> None:
    assert faults({"title": title, "body": body}) == ["#/title", "#/body"]


def test_a_missing_title_is_told_once() -> None:
    assert faults({"body": "\0"}) == ["#/title", "#/body"]


def test_members_that_are_not_known_are_ignored() -> None:
    draft = rules.read_new_post({"title": "x", "id": 7, "version": None, "later": {"a": "\0"}})
    assert draft == rules.Draft("x", "")


def test_a_new_post_was_updated_when_it_was_created() -> None:
    post = rules.create(rules.Draft("One", "Text"), post_id="p1", now=NOW)
    assert (post.createdAt, post.updatedAt, post.version) == (NOW, NOW, 1)


@pytest.mark.parametrize("document", [{}, {"title": " One "}, {"title": "One", "body": "Text"}])
def test_a_change_that_changes_nothing_leaves_the_very_same_post(
    document: dict[str, object],
) -> None:
    assert rules.change(POST, rules.read_change(document), NOW) is POST


def test_a_change_makes_the_next_version_and_keeps_what_it_does_not_name() -> None:
    changed = rules.change(POST, rules.read_change({"body": ""}), NOW)
    assert asdict(changed) == {**asdict(POST), "body": "", "updatedAt": NOW, "version": 4}


@pytest.mark.parametrize("document", [{"title": None}, {"title": ""}, {"title": "x" * 201}])
def test_a_change_has_the_limits_of_a_new_post(document: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        rules.read_change(document)


def test_the_first_version_is_announced_as_created_and_later_ones_as_updated() -> None:
    first = rules.create(rules.Draft("One", "Text"), post_id="p1", now=THEN)
    assert rules.announce(first, CAUSE).type == "PostCreated"
    assert rules.announce(POST, CAUSE).type == "PostUpdated"


def test_a_version_is_one_fact_with_one_id_whatever_announces_it() -> None:
    one = rules.announce(POST, CAUSE)
    again = rules.announce(POST, Cause("another-request"))
    assert (one.source, one.id) == (again.source, again.id) == ("/posts", "p1.3")


def test_an_event_carries_the_whole_post_and_is_keyed_by_it() -> None:
    event = rules.announce(POST, CAUSE)
    assert json.loads(event.data) == asdict(POST)
    assert event.subject == "p1"
    assert event.extensions == {"partitionkey": "p1", "correlationid": "the-request"}


def test_a_deletion_carries_no_text() -> None:
    event = rules.announce_deletion(PostRemoval(id="p1", version=4), NOW, CAUSE)
    assert json.loads(event.data) == {"id": "p1", "version": 4}
    assert (event.id, event.type, event.subject) == ("p1.4", "PostDeleted", "p1")
