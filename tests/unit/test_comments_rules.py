"""The rules of `comments`, without HTTP and without a database."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventing.cause import Cause
from eventing.problem import Invalid
from functions.comments import rules
from functions.events import CommentState, Judgement, Status, Verdict
from tests.unit.texts import ANY_TEXT, CHARACTER, NO_TEXT, UNKEEPABLE

NOW = "2026-01-31T12:00:00.000000Z"
COMMENT = rules.create(rules.Remark("Well said", "Ann"), comment_id="c1", post_id="p1", now=NOW)
WHITE_SPACE = st.text(" \t\n\r\u00a0\u2003\u3000")


def faults(document: dict[str, object]) -> list[str]:
    with pytest.raises(Invalid) as refused:
        rules.read_remark(document)
    return [fault.pointer for fault in refused.value.faults]


def verdict(status: Verdict, reason: str | None = None) -> Judgement:
    return Judgement(id="c1", postId="p1", commentVersion=1, status=status, reason=reason)


REJECTION = verdict(Verdict.REJECTED, "word-list")
APPROVAL = verdict(Verdict.APPROVED)


@given(CHARACTER, st.just(5_000) | st.integers(1, 5_000))
def test_content_may_have_1_to_5000_code_points(char: str, length: int) -> None:
    assert rules.read_remark({"content": char * length}).content == char * length


@given(CHARACTER)
def test_longer_content_is_refused(char: str) -> None:
    assert faults({"content": char * 5_001}) == ["#/content"]


@given(WHITE_SPACE)
def test_content_of_white_space_is_refused(space: str) -> None:
    assert faults({"content": space}) == ["#/content"]


@given(ANY_TEXT, WHITE_SPACE)
def test_content_is_kept_exactly_as_sent(text: str, space: str) -> None:
    content = f"{space}x{text}{space}"
    assert rules.read_remark({"content": content}).content == content


@given(CHARACTER, st.just(80) | st.integers(1, 80), WHITE_SPACE)
def test_an_author_may_have_80_code_points_and_is_kept_trimmed(
    char: str, length: int, space: str
) -> None:
    document = {"content": "x", "author": f"{space}{char * length}{space}"}
    assert rules.read_remark(document).author == char * length


@given(CHARACTER)
def test_a_longer_author_is_refused(char: str) -> None:
    assert faults({"content": "x", "author": char * 81}) == ["#/author"]


@pytest.mark.parametrize("document", [{"content": "x"}, {"content": "x", "author": None}])
def test_an_author_may_be_absent(document: dict[str, object]) -> None:
    assert rules.read_remark(document).author is None


@given(UNKEEPABLE, st.sampled_from(["content", "author"]))
def test_nul_and_lone_surrogates_are_refused(text: str, member: str) -> None:
    assert faults({"content": "x", member: text}) == [f"#/{member}"]


@given(NO_TEXT, NO_TEXT.filter(lambda value: value is not None))
def test_every_fault_is_told_at_once(content: object, author: object) -> None:
    assert faults({"content": content, "author": author}) == ["#/content", "#/author"]


@pytest.mark.parametrize("status", ["pending", "Approved", "", None, 1, ["approved"], "\ud800"])
def test_an_author_can_only_approve_or_reject(status: object) -> None:
    with pytest.raises(Invalid, match="content is wrong") as refused:
        rules.read_overruling({"status": status})
    assert [fault.pointer for fault in refused.value.faults] == ["#/status"]


def test_a_verdict_decides_about_a_pending_comment() -> None:
    decided = rules.judge(COMMENT, REJECTION)
    assert decided == replace(COMMENT, status=Status.REJECTED, reason="word-list", version=2)
    assert rules.judge(COMMENT, APPROVAL).status == Status.APPROVED


def test_an_approval_has_no_reason_whatever_the_verdict_says() -> None:
    assert rules.judge(COMMENT, verdict(Verdict.APPROVED, "word-list")).reason is None


@pytest.mark.parametrize("second", [APPROVAL, REJECTION])
@pytest.mark.parametrize("first", [APPROVAL, REJECTION])
def test_a_second_verdict_changes_nothing(first: Judgement, second: Judgement) -> None:
    decided = rules.judge(COMMENT, first)
    assert rules.judge(decided, second) is decided


@pytest.mark.parametrize("late", [APPROVAL, REJECTION])
@pytest.mark.parametrize("decision", list(Verdict))
def test_a_verdict_after_the_authors_own_changes_nothing(
    decision: Verdict, late: Judgement
) -> None:
    decided = rules.overrule(COMMENT, decision)
    assert rules.judge(decided, late) is decided


def test_the_author_overrules_moderation() -> None:
    approved = rules.overrule(rules.judge(COMMENT, REJECTION), Verdict.APPROVED)
    assert (approved.status, approved.reason, approved.version) == (Status.APPROVED, None, 3)
    rejected = rules.overrule(approved, Verdict.REJECTED)
    assert (rejected.status, rejected.reason, rejected.version) == (Status.REJECTED, "author", 4)


def test_the_same_decision_again_leaves_the_very_same_comment() -> None:
    rejected = rules.judge(COMMENT, REJECTION)
    assert rules.overrule(rejected, Verdict.REJECTED) is rejected


@pytest.mark.parametrize("status", [Status.PENDING, Status.REJECTED])
def test_a_reader_gets_no_text_of_a_comment_that_is_not_approved(status: Status) -> None:
    shown = rules.as_read(replace(COMMENT, status=status))
    assert (shown["author"], shown["content"], shown["status"]) == (None, None, status)


def test_a_reader_gets_the_text_of_an_approved_comment() -> None:
    shown = rules.as_read(replace(COMMENT, status=Status.APPROVED))
    assert (shown["author"], shown["content"]) == ("Ann", "Well said")


def data_of(comment: CommentState) -> dict[str, object]:
    members: dict[str, object] = json.loads(rules.announce(comment, NOW, Cause("request")).data)
    return members


def test_only_an_update_tells_a_reason() -> None:
    assert "reason" not in data_of(COMMENT)
    assert data_of(rules.judge(COMMENT, REJECTION))["reason"] == "word-list"


def test_each_version_is_one_fact_about_the_comment_keyed_by_its_post() -> None:
    event = rules.announce(rules.judge(COMMENT, APPROVAL), NOW, Cause("request", "verdict-1"))
    assert (event.source, event.id, event.type) == ("/comments", "c1.2", "CommentUpdated")
    assert event.subject == "c1"
    assert event.extensions == {
        "partitionkey": "p1",
        "correlationid": "request",
        "causationid": "verdict-1",
    }
