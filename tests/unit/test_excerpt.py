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


LARGEST = 64 * 1024  # bytes of a body


@pytest.mark.parametrize(
    "part",
    [
        *(
            "[![",
            "*[",
            "[",
            "![[",
            "[a](",
            "![](",
            "[x][",
            "*_",
            "**a _",
            "<!--",
            "<script>",
            "<a ",
        ),
        *("> ", "- ", "> a\nb\n", "- a\nb\n", "> 1. - a\nb\n", "a|b\n-|-\n", "|||\n", "[a]: b\n"),
        *("# a\n", "a\n=\n", "`" * 7 + "a", "```\n", "~~~\n", "&", "\\", "\n", "<div>\n<style "),
    ],
)
@pytest.mark.parametrize("before", ["", "> " * 100 + "\n", "a|b\n-|-\n"])
def test_no_text_takes_long(part: str, before: str) -> None:
    text = before + part * (LARGEST // len(part))
    began = time.process_time()
    excerpt(text)
    assert time.process_time() - began < 0.5  # a twentieth of that where nobody else computes


def test_prose_is_found_behind_code_and_comments_of_any_length() -> None:
    code = "```py\n" + "print('[![')\n" * 1_000 + "```\n"
    comment = "<!--\n" + "a licence\n" * 1_000 + "-->\n"
    assert excerpt(f"{comment}{code}~~~\n{code}~~~\nThe text.") == "The text."


def test_a_picture_in_the_text_itself_hides_nothing_behind_it() -> None:
    picture = f"![a cat](data:image/png;base64,{'A' * 50_000})"
    assert excerpt(f"{picture}\n\nThe text.") == "The text."


def test_a_link_is_found_wherever_it_is_defined() -> None:
    text = "A [link][there]. " + "More text.\n\n" * 1_000 + "[there]: https://example.org\n"
    assert excerpt(text).startswith("A link. More text. More")


@pytest.mark.parametrize("line", ["```code``` and text", "a ``` b"])
def test_code_within_a_line_begins_no_block(line: str) -> None:
    assert excerpt(f"{line}\n\nThe end.").endswith("The end.")


def test_a_block_ends_where_its_own_fence_does() -> None:
    assert excerpt("````\n```\nhidden\n```\n````\nshown") == "shown"
