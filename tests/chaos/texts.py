"""What the clients write: texts that are easily damaged, each with a number of its own."""

from itertools import count
from random import Random

_BEGINNINGS = (
    "Well said,",
    "  kept as it is:  ",
    "<b>not</b> & 'quoted' \"twice\"",
    "😀 naïve façade, 中文, עברית",
    "line one\nline two\r\n\ttabbed",
    "\\ % ? :name $1 ''",
)
_LISTED = ("orange", "an ORANGE one", "ｏｒáｎｇｅ", "so: orange!")
_NUMBERS = count(1)


def title(chance: Random) -> str:
    """A title; what surrounds it is trimmed."""
    return f" {chance.choice(_BEGINNINGS)} {next(_NUMBERS)} "


def text(chance: Random) -> str:
    """A post's body."""
    return f"{chance.choice(_BEGINNINGS)} {next(_NUMBERS)} {'and so on ' * chance.randrange(30)}"


def remark(chance: Random) -> tuple[dict[str, str | None], bool]:
    """A comment as it is sent, and whether the word list has one of its words."""
    listed = chance.random() < 0.3
    word = chance.choice(_LISTED) if listed else "fine"
    content = f"{chance.choice(_BEGINNINGS)} {word} {next(_NUMBERS)}"
    return {"content": content, "author": chance.choice((None, "Ann", "Дмитрий"))}, listed
