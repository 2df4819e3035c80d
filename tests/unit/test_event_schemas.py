"""The JSON Schemas of events say what the code takes: changes when the published language does."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator, meta

from functions import schemas
from functions.events import EVENT_TYPES, EventType
from tests.integration.blog import comment_data, judgement, post_data

FOLDER = Path(__file__).parents[2] / "docs" / "events"
VALID = {
    "PostCreated": post_data(),
    "PostUpdated": post_data(version=2),
    "PostDeleted": {"id": "p1", "version": 3},
    "CommentCreated": comment_data(),
    "CommentModerated": judgement(),
    "CommentUpdated": comment_data(version=2, status="rejected", reason="word-list"),
}
TIME = "2026-01-31T12:00:00.000000Z"
# Without 1.0, an integer to JSON Schema: the code wants it written as one, and nobody does not.
NUMBERS = [True, 0, 1, -1, 1.5, 2**53, 2**53 - 1, 10**400]
TEXTS = ["", "x", "a b", "é", "x\n", "\n", "x" * 64, "x" * 65, "x" * 262_145, "😀" * 262_144]
WORDS = ["pending", "approved", "Approved", TIME, TIME + "\n", TIME[:-1], TIME.lower()]
ODD: st.SearchStrategy[object] = st.sampled_from([None, [], {}, *NUMBERS, *TEXTS, *WORDS])


def is_taken(kind: EventType, data: object) -> bool:
    try:
        msgspec.convert(data, kind.data)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.type)
@given(data=st.data())
def test_a_schema_allows_exactly_what_the_code_takes(kind: EventType, data: st.DataObject) -> None:
    document: dict[str, Any] = dict(VALID[kind.type])
    for name in data.draw(st.sets(st.sampled_from([*document, "unknown"]), max_size=2)):
        if data.draw(st.booleans()):
            document[name] = data.draw(ODD)
        else:
            document.pop(name, None)
    validator = Draft202012Validator(schemas.schema(kind))
    assert validator.is_valid(document) == is_taken(kind, document), document


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.type)
def test_what_is_valid_is_taken_and_what_is_no_object_is_not(kind: EventType) -> None:
    validator = Draft202012Validator(schemas.schema(kind))
    assert validator.is_valid(VALID[kind.type])
    for value in (None, [], "text", 1, [VALID[kind.type]]):
        assert not validator.is_valid(value)
        assert not is_taken(kind, value)


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.type)
def test_a_schema_is_one_of_its_dialect_and_has_the_name_that_events_carry(kind: EventType) -> None:
    schema = schemas.schema(kind)
    assert meta.is_valid(schema)
    assert schema["$id"] == kind.dataschema == f"urn:sleeping-blog:{kind.type}:1"


def test_the_schemas_on_disk_are_those_of_the_code() -> None:
    on_disk = {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.json")}
    assert on_disk == schemas.files(), "python -m functions.schemas docs/events"
