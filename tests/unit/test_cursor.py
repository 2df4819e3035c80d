"""Cursors come back as what they were made of; what was not given out here is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventing.cursor import InvalidCursor, decode_position, decode_text_cursor, encode_cursor

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(st.integers(0, 2**63 - 1))
def test_a_position_comes_back(position: int) -> None:
    assert decode_position(encode_cursor(position)) == position


@given(PRINTABLE, PRINTABLE)
def test_a_sort_key_of_two_texts_comes_back(first: str, second: str) -> None:
    assert decode_text_cursor(encode_cursor(first, second)) == (first, second)


@given(PRINTABLE, PRINTABLE)
def test_a_cursor_needs_no_escape_in_a_url(first: str, second: str) -> None:
    assert set(encode_cursor(first, second)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


@given(st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_other_text_is_refused(cursor: str) -> None:
    for decode in (decode_position, decode_text_cursor):
        with pytest.raises(InvalidCursor):
            decode(cursor)


NO_POSITION = [
    "[-1]",
    "[9223372036854775808]",
    "[true]",
    "[1.0]",
    '["1"]',
    "[1,2]",
    "1",
    "[]",
    "{}",
]
NO_KEY = ['["a"]', '["a","b","c"]', '["a",1]', r'["a","\u0000"]', r'["\ud800","b"]', '["a","é"]']


@pytest.mark.parametrize("text", [*NO_POSITION, "[" * 5000, "1" * 5000])
def test_json_that_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_position(packed(text))


@pytest.mark.parametrize("text", NO_KEY)
def test_json_that_is_no_sort_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_text_cursor(packed(text))
