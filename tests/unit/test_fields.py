"""Reading a JSON object tells the caller of every fault at once."""

import pytest

from eventing.fields import Fields
from eventing.problem import Fault, Invalid


def faults_of(fields: Fields) -> list[Fault]:
    with pytest.raises(Invalid) as refusal:
        fields.check()
    return list(refusal.value.faults)


def test_a_text_is_read_exactly_as_sent() -> None:
    fields = Fields({"body": " a\r\n\U0001f600 "})

    assert fields.text("body") == " a\r\n\U0001f600 "
    fields.check()


def test_a_member_that_is_absent_has_its_default() -> None:
    fields = Fields({})

    assert (fields.text("body"), fields.text("tone", "plain")) == ("", "plain")
    fields.check()


def test_a_member_that_is_null_is_there() -> None:
    fields = Fields({"body": None})

    assert fields.has("body")
    assert not fields.has("title")


@pytest.mark.parametrize("value", [None, 1, True, ["a"], {"a": "b"}])
def test_what_is_no_string_is_a_fault(value: object) -> None:
    fields = Fields({"title": value})

    assert fields.text("title", "as before") == "as before"
    assert faults_of(fields) == [Fault("#/title", "must be a string")]


@pytest.mark.parametrize("text", ["a\0", "\ud83d"])
def test_a_text_that_cannot_be_kept_is_a_fault(text: str) -> None:
    fields = Fields({"title": text})

    assert fields.text("title") == ""
    assert faults_of(fields) == [Fault("#/title", "must have neither NUL nor a lone surrogate")]


def test_every_faulty_member_is_told_of_once() -> None:
    fields = Fields({"title": 1, "body": "\0"})
    fields.text("title")
    fields.text("body")
    fields.fault("title", "is required")
    fields.fault("author", "is too long")

    assert [fault.pointer for fault in faults_of(fields)] == ["#/title", "#/body", "#/author"]
    with pytest.raises(Invalid) as refusal:
        fields.check()
    assert refusal.value.members()["errors"] == [
        {"pointer": "#/title", "detail": "must be a string"},
        {"pointer": "#/body", "detail": "must have neither NUL nor a lone surrogate"},
        {"pointer": "#/author", "detail": "is too long"},
    ]
