"""The excerpt of a post: plain text, 280 characters at most, whatever the Markdown."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.query.excerpt import excerpt
from tests.unit.texts import ANY_TEXT


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("", ""),
        ("# Title\n\nFirst *line*\nof **text**.", "Title First line of text."),
        ("A [link](https://example.org 'title') and `code`", "A link and code"),
        ("Before ![alt](image.png) after", "Before after"),
        ("A [link] and [more][link]\n\n[link]: /there", "A link and more"),
        ("- one\n- two\n\n> three", "one two three"),
        ("| a | b |\n|---|---|\n| c | d |", "a b c d"),
        ("Fish &amp; chips \\*here\\*", "Fish & chips *here*"),
        ("```sh\nrm -r\n```\nText", "Text"),
        ("Text <b>bold</b> <!-- hidden --> text", "Text bold text"),
        ("<div>\n<p class='x'>Shown</p>\n</div>", "Shown"),
        ("<script>\nalert(1)\n</script>\n\nText", "Text"),
        ("<!-- never closed\n\nText", ""),
        ("<style>\nnever closed\n\nText", ""),
        ("one\u00a0  two\tthree", "one two three"),
    ],
)
def test_an_excerpt_is_the_text_without_its_markup(markdown: str, plain: str) -> None:
    assert excerpt(markdown) == plain


def test_280_characters_are_given_whole() -> None:
    text = "word " * 55 + "words"
    assert len(text) == 280
    assert excerpt(text) == text


def test_a_longer_text_is_cut_between_words() -> None:
    assert excerpt("word " * 57) == "word " * 54 + "word…"


def test_a_word_that_fills_the_excerpt_is_cut_itself() -> None:
    assert excerpt("x" * 281) == "x" * 279 + "…"


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# The *title*\n\nText", "Text"),
        ("The title\n=========\n\nText", "Text"),
        ("Text\n\n# The title", "Text The title"),
        ("The title\n\nText", "The title Text"),
        ("# Another title\n\nText", "Another title Text"),
        ("# The title", ""),
    ],
)
def test_a_first_heading_that_repeats_the_title_is_left_out(markdown: str, plain: str) -> None:
    assert excerpt(markdown, "The  title") == plain


@given(ANY_TEXT | st.text("#*_`[]()!<>&|-\n x", max_size=400))
def test_no_markdown_makes_more_than_280_characters_or_a_fault(markdown: str) -> None:
    assert len(excerpt(markdown)) <= 280


@pytest.mark.parametrize("opening", ["<!--", "<script>", "<div>\n<style "])
def test_looking_for_the_end_of_what_nobody_closes_takes_no_longer_than_a_delivery_may(
    opening: str,
) -> None:
    began = time.process_time()
    excerpt(opening * (64 * 1024 // len(opening)))
    assert time.process_time() - began < 2
