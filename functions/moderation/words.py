"""The word list: which words reject a comment, in whatever disguise they come."""

import re
import threading
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from eventing.settings import Misconfigured

DEFAULT_FILE = Path(__file__).parent / "words.txt"

_OVERLAY = 1  # canonical combining class of strokes through a letter
_BESIDE_A_LETTER = range(200, 241)  # classes of accents; vowel signs of Indic scripts have others
_FORMATS = {"Cf", "Me"}  # zero-width characters and soft hyphens; circles and boxes around a letter

# Invisible too (Unicode's Default_Ignorable_Code_Point), but by their category marks and letters.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


class WordsUnreadable(Misconfigured):
    """The file of the word list cannot be read."""


def plain(text: str) -> str:
    """Text without disguise: no case, no full-width forms, no accents, nothing invisible."""
    visible = _INVISIBLE.sub("", text)
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", visible).casefold())
    return "".join(char for char in decomposed if not _is_disguise(char))


def compile_words(words: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that finds any of the words as a whole word in plain text; None without words."""
    spaced = (r"\s+".join(map(re.escape, plain(word).split())) for word in words)
    choices = "|".join(sorted({word for word in spaced if word}, key=len, reverse=True))
    return re.compile(rf"(?<![^\W_])(?:{choices})(?![^\W_])") if choices else None


def read_words(text: str) -> list[str]:
    """One word or phrase a line; what follows `#` is a comment."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


class WordList:
    """The words in `file`, read again whenever the file changes."""

    def __init__(self, file: Path = DEFAULT_FILE) -> None:
        self._file = file
        self._reading = threading.Lock()
        self._bytes: bytes | None = None
        self._pattern: re.Pattern[str] | None = None

    def check(self) -> None:
        """Raise WordsUnreadable now rather than at the first comment."""
        self._current()

    def matches(self, text: str) -> bool:
        """Whether a listed word stands in the text; WordsUnreadable when the file is away."""
        pattern = self._current()
        return pattern is not None and pattern.search(plain(text)) is not None

    def _current(self) -> re.Pattern[str] | None:
        with self._reading:
            try:
                # A file can change without its time or size doing so: two edits in one tick.
                found = self._file.read_bytes()
                if found != self._bytes:
                    self._pattern = compile_words(read_words(found.decode()))
                    self._bytes = found
            except (OSError, UnicodeDecodeError) as error:
                raise WordsUnreadable(f"WORDS_FILE {self._file} cannot be read: {error}") from error
            return self._pattern


def _is_disguise(char: str) -> bool:
    combining = unicodedata.combining(char)
    return (
        combining == _OVERLAY
        or combining in _BESIDE_A_LETTER
        or unicodedata.category(char) in _FORMATS
    )
