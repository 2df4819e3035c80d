"""The plain beginning of a post's Markdown."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LENGTH = 280  # characters, the ellipsis included

# How much of a post is parsed, so that no text takes long: in characters, code blocks and comments
# not counted, and in levels of quotes and lists. An excerpt needs a fraction of that.
READ_LIMIT = 4_000
NESTING_LIMIT = 12
DEFINITIONS_LIMIT = 100  # links that are defined further down, as in `[label]: /address`

# What nobody closes ends with the text: looking for its end once more from each of many
# beginnings would take seconds.
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)|<[^<>]*>", re.DOTALL | re.IGNORECASE
)
_FENCE = re.compile(r"[ \t>]*(?:(`{3,})[^`]*|(~{3,}).*)")
_LINE_END = re.compile(r"\r\n?|\n")
_EMBEDDED = re.compile(
    r"\(<?data:[^)\s]*"
)  # a picture in the text itself has no end within the limit
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]{1,99}\]:[ \t]*\S{1,999}", re.MULTILINE)
# A text without any of these means itself, line breaks aside.
_INLINE_MARKUP = re.compile(r"[\\`*_\[<&]")
_COMMENT_END = "-->"
_SPOKEN = {"text", "text_special", "code_inline"}


def excerpt(markdown: str, title: str = "") -> str:
    """At most 280 characters of plain text, cut between words, without a heading of `title`."""
    links: dict[str, Any] = {}
    tokens = _parser().parse(_beginning(markdown), links)
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
    parser = MarkdownIt("commonmark", {"maxNesting": NESTING_LIMIT})
    return parser.enable("table").disable(["inline", "text_join"])


def _beginning(markdown: str) -> str:
    """As much of a post as its excerpt may need, and the links that it may refer to."""
    text = _EMBEDDED.sub("(#", markdown)
    read, size = [], 0
    for line in _without_blocks(_LINE_END.split(text)):
        if size >= READ_LIMIT:
            break
        read.append(line[: READ_LIMIT - size])
        size += len(line) + 1
    if size < READ_LIMIT:
        return "\n".join(read)
    found = islice(_DEFINITION.finditer(text), DEFINITIONS_LIMIT)
    return "\n".join([*read, "", *(each[0] for each in found)])


def _without_blocks(lines: Iterable[str]) -> Iterator[str]:
    """The lines that are in no fenced code and in no comment: neither is part of an excerpt."""
    end: str | None = None
    for line in lines:
        if end is not None:
            closed = end in line if end == _COMMENT_END else line.lstrip(" \t>").startswith(end)
            end = None if closed else end
        elif fence := _FENCE.fullmatch(line):
            end = fence[1] or fence[2]
            yield ""
        elif line.startswith("<!--") and _COMMENT_END not in line:
            end = _COMMENT_END
            yield ""
        else:
            yield line


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
