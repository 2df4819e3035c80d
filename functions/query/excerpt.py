"""The plain beginning of a post's Markdown."""

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LENGTH = 280  # characters, the ellipsis included

# What nobody closes ends with the text: looking for its end once more from each of many
# beginnings would take seconds.
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE
)
_SPOKEN = {"text", "code_inline"}


def excerpt(markdown: str, title: str = "") -> str:
    """At most 280 characters of plain text, cut between words, without a heading of `title`."""
    tokens = _parser().parse(markdown)
    heading = tokens[:3] if tokens and tokens[0].type == "heading_open" else []
    repeats = heading and _spoken(heading) == " ".join(title.split())
    text = _spoken(tokens[3:] if repeats else tokens)
    if len(text) <= LENGTH:
        return text
    start = text[: LENGTH - 1]
    whole_words, _, _ = start.rpartition(" ")
    return f"{(whole_words or start).rstrip()}…"


@cache
def _parser() -> "MarkdownIt":
    # Imported at the first post that arrives, not at the start: it is never needed to answer.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    return MarkdownIt("commonmark").enable("table")


def _spoken(tokens: "list[Token]") -> str:
    return " ".join(" ".join(_texts(tokens)).split())


def _texts(tokens: "list[Token]") -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "inline":
                yield "".join(map(_inline, token.children or []))
            case "html_block":
                yield _MARKUP.sub(" ", token.content)


def _inline(token: "Token") -> str:
    if token.type in _SPOKEN:
        return token.content
    return " " if token.type in {"softbreak", "hardbreak"} else ""
