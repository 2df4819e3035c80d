"""The plain beginning of a post's Markdown."""

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LENGTH = 280  # characters, the ellipsis included

# What nobody closes ends with the text: looking for its end once more from each of many
# beginnings would take seconds.
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE
)
# A text without any of these means itself, line breaks aside.
_INLINE_MARKUP = re.compile(r"[\\`*_\[<&]")
_SPOKEN = {"text", "text_special", "code_inline"}


def excerpt(markdown: str, title: str = "") -> str:
    """At most 280 characters of plain text, cut between words, without a heading of `title`."""
    links: dict[str, Any] = {}
    tokens = _parser().parse(markdown, links)
    heading = tokens[:3] if tokens and tokens[0].type == "heading_open" else []
    repeats = heading and _spoken(heading, links) == " ".join(title.split())
    text = _spoken(tokens[3:] if repeats else tokens, links)
    if len(text) <= LENGTH:
        return text
    start = text[: LENGTH - 1]
    whole_words, _, _ = start.rpartition(" ")
    return f"{(whole_words or start).rstrip()}…"


@cache
def _parser() -> "MarkdownIt":
    # Imported at the first post that arrives, not at the start: it is never needed to answer.
    from markdown_it import MarkdownIt  # noqa: PLC0415

    # What stands inside of the blocks is parsed here, and only as far as it is needed.
    return MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])


def _spoken(tokens: "list[Token]", links: dict[str, Any]) -> str:
    """The text of whole blocks, until it is longer than an excerpt."""
    spoken = ""
    for text in _texts(tokens, links):
        spoken = " ".join(f"{spoken} {text}".split())
        if len(spoken) > LENGTH:
            break
    return spoken


def _texts(tokens: "list[Token]", links: dict[str, Any]) -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "inline" if not _INLINE_MARKUP.search(token.content):
                yield token.content
            case "inline":
                inner: list[Token] = []
                _parser().inline.parse(token.content, _parser(), links, inner)
                yield "".join(map(_inline, inner))
            case "html_block":
                yield _MARKUP.sub(" ", token.content)


def _inline(token: "Token") -> str:
    if token.type in _SPOKEN:
        return token.content
    return " " if token.type in {"softbreak", "hardbreak"} else ""
