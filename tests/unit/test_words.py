"""The word list: what it finds, what it leaves alone, and when it is read."""

# ruff: noqa: RUF001 - letters that only look like others are what this is about

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.events import CommentState, Status, Verdict
from functions.moderation import rules
from functions.moderation.words import WordList, WordsUnreadable, compile_words, plain, read_words
from tests.unit.texts import ANY_TEXT

DEFAULT = WordList()


def finds(words: list[str], text: str) -> bool:
    pattern = compile_words(words)
    return pattern is not None and pattern.search(plain(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "orange",
        "An Orange, please",
        "ORANGE!",
        "oRaNgE",
        "(orange)",
        "_orange_",
        "#orange",
        "blood-orange",
        "orange's",
        "\nline\torange\r\n",
        "ｏｒａｎｇｅ",
        "ＯＲＡＮＧＥ",
        "𝐨𝐫𝐚𝐧𝐠𝐞",
        "ⓞⓡⓐⓝⓖⓔ",
        "örånğé",
        "o\u0308range",
        "o\u0336r\u0336a\u0336n\u0336g\u0336e\u0336",
        "o\u20ddr\u20dda\u20ddn\u20ddg\u20dde\u20dd",
        "or\u200bange",
        "o\u200cr\u200da\ufeffn\u2060ge",
        "or\u00adange",
        "or\u034fange",
        "or\ufe0fange",
        "or\u3164ange",
        "o\u202er\u2066ange",
    ],
)
def test_a_listed_word_is_found_in_any_disguise(text: str) -> None:
    assert DEFAULT.matches(text)


@pytest.mark.parametrize(
    "text",
    ["", "oranges", "orangery", "storange", "orange2", "2orange", "orangé2", "o range", "ornage"],
)
def test_a_word_inside_another_word_is_left_alone(text: str) -> None:
    assert not DEFAULT.matches(text)


@given(st.text(st.characters(categories=["Cf"])))
def test_nothing_invisible_hides_a_word(invisible: str) -> None:
    assert DEFAULT.matches(invisible.join("orange"))


@given(st.lists(st.booleans(), min_size=6, max_size=6), st.sampled_from(["NFC", "NFD", "NFKD"]))
def test_neither_case_nor_the_form_of_an_accent_hides_a_word(raised: list[bool], form: str) -> None:
    accented = zip("òŕâñĝë", raised, strict=True)
    word = "".join(char.upper() if up else char for char, up in accented)
    assert DEFAULT.matches(unicodedata.normalize(form, word))  # type: ignore[arg-type]


@given(ANY_TEXT)
def test_any_text_can_be_judged_and_stays_plain_when_it_is_plain(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    DEFAULT.matches(text)


@given(ANY_TEXT.filter(lambda text: plain(text).strip() != ""))
def test_any_word_that_is_listed_is_found(word: str) -> None:
    assert finds([word], f"- {word} -")


def test_signs_that_make_another_word_of_it_in_other_scripts_are_kept() -> None:
    assert not finds(["का"], "के")
    assert not finds(["कत"], "क्त")
    assert finds(["का"], "यह का है")


def test_a_phrase_is_found_however_it_is_spaced() -> None:
    assert finds(["check  out"], "Check\n out this")
    assert not finds(["check out"], "checkout")


def test_a_word_list_takes_signs_literally() -> None:
    assert finds(["c++", "a.b"], "I like C++")
    assert not finds(["a.b"], "a-b")


def test_an_empty_list_finds_nothing() -> None:
    assert not finds([], "orange")
    assert not finds(["\u200b"], "orange")


def test_a_list_has_one_entry_a_line_and_comments() -> None:
    assert read_words("# a comment\n\norange  # fruit\n check out \r\n#\n") == [
        "orange",
        "check out",
    ]


def test_the_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("apple\n")
    words = WordList(file)
    assert words.matches("apple")
    file.write_text("pear and more\n")
    assert not words.matches("apple")


def test_a_change_is_seen_even_when_neither_time_nor_size_tell_of_it(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("apple\n")
    before = file.stat()
    words = WordList(file)
    words.check()
    file.write_text("grape\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert words.matches("grape")
    assert not words.matches("apple")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("apple\n", "utf-8-sig")
    assert WordList(file).matches("apple")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_list_that_cannot_be_read_is_told_by_name(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "words.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(WordsUnreadable, match=r"words\.txt cannot be read"):
        WordList(file).check()


@pytest.mark.parametrize(
    ("content", "author", "status", "reason"),
    [
        ("An orange", None, Verdict.REJECTED, "word-list"),
        ("Well said", "Orange", Verdict.REJECTED, "word-list"),
        ("Well said", "Ann", Verdict.APPROVED, None),
        ("", None, Verdict.APPROVED, None),
    ],
)
def test_content_and_author_are_judged_and_the_reason_is_a_category(
    content: str, author: str | None, status: Verdict, reason: str | None
) -> None:
    comment = CommentState(
        id="c1",
        postId="p1",
        author=author,
        content=content,
        status=Status.PENDING,
        createdAt="2026-01-31T12:00:00.000000Z",
        version=1,
    )
    judgement = rules.judge(comment, DEFAULT.matches)
    assert (judgement.status, judgement.reason) == (status, reason)
