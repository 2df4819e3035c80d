"""JSON is what RFC 8259 says, within bounds; anything else is refused and says where."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventing.strictjson import DEEPEST, NotJSON, parse_json
from eventing.text import is_storable

VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUE.filter(lambda value: "Infinity" not in json.dumps(value)))
def test_a_json_value_is_read_as_it_was_written(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


def test_a_byte_order_mark_before_the_value_is_skipped() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": "\xef\xbb\xbf"}') == {"a": "\ufeff"}


REFUSED = {
    "nothing": (b"", "line 1, column 1"),
    "half a document": (b'{"a":\n', "line 2, column 1"),
    "two documents": (b"1 2", "line 1, column 3"),
    "NaN": (b"[NaN]", "NaN is no JSON value"),
    "Infinity": (b"Infinity", "Infinity is no JSON value"),
    "minus Infinity": (b"-Infinity", "-Infinity is no JSON value"),
    "a number beyond a float": (b"[-1e999]", "too large"),
    "a number of 5,000 digits": (b"1" * 5000, "too many digits"),
    "two byte order marks": (b"\xef\xbb\xbf\xef\xbb\xbf{}", "BOM"),
    "a byte order mark inside": (b"[\xef\xbb\xbf1]", "line 1, column 2"),
    "a byte order mark and nothing": (b"\xef\xbb\xbf", "line 1, column 1"),
    "UTF-16": ('"é"'.encode("utf-16-le"), "not UTF-8 at byte 2"),
    "a broken UTF-8 sequence": (b'"\xc3"', "not UTF-8 at byte 1"),
    "an encoded surrogate": (b'"\xed\xa0\x80"', "not UTF-8 at byte 1"),
    "a raw line break in a string": (b'"\n"', "line 1, column 2"),
    "single quotes": (b"{'a': 1}", "line 1, column 2"),
    "one level too many": (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "nested deeper"),
    "one object too many": (b'{"a":' * DEEPEST + b"{}" + b"}" * DEEPEST, "nested deeper"),
    "ten million brackets": (b"[" * 10_000_000, "nested deeper"),
}


@pytest.mark.parametrize(("body", "reason"), REFUSED.values(), ids=REFUSED)
def test_json_is_refused_for(body: bytes, reason: str) -> None:
    with pytest.raises(NotJSON, match=reason):
        parse_json(body)


def test_json_may_be_nested_up_to_the_bound() -> None:
    assert parse_json(b"[" * DEEPEST + b"]" * DEEPEST)
    assert parse_json(b'{"a":' * (DEEPEST - 1) + b"{}" + b"}" * (DEEPEST - 1))


def test_brackets_within_a_string_are_no_levels() -> None:
    assert parse_json(b'"' + b"[" * 1000 + b'"') == "[" * 1000


STORABLE = {
    "text": ("a\n\U0001f600\ufffe", True),
    "a number": (1, True),
    "null": (None, True),
    "NUL": ("a\0", False),
    "a lone surrogate": ("\ud800", False),
    "NUL in a list": (["a", "\0"], False),
    "NUL in an object": ({"a": {"b": "\0"}}, False),
    "a lone surrogate in a name": ({"\udfff": "a"}, False),
    "an object of texts": ({"a": ["b", 1, None]}, True),
}


@pytest.mark.parametrize(("value", "storable"), STORABLE.values(), ids=STORABLE)
def test_whether_a_value_can_be_kept(value: object, storable: bool) -> None:
    assert is_storable(value) is storable
