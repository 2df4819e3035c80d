"""Reads posts from Markdown files: changes when what a post's file may look like does."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from broker.load.text import Fault, read_text

FENCE = re.compile(r"---[ \t]*\r?\n")
FRONT_MATTER = re.compile(
    r"---[ \t]*\r?\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)
RULE = "or put an empty line above it, if --- is meant as a rule"
FIRST_LINE_OF_YAML = 2


@dataclass(frozen=True, slots=True)
class Post:
    """What `POST /api/posts` takes."""

    title: str
    body: str


def post_files(folder: Path) -> list[Path]:
    """The folder's Markdown files, hidden ones left out, in order of file name by code point."""
    files = [path for path in folder.glob("*.md") if not path.name.startswith(".")]
    if not files:
        raise Fault(f"{folder}: no Markdown file (*.md) in it: name the folder that has the posts")
    return sorted(files, key=lambda path: path.name)


def read_post(path: Path) -> Post:
    """Title and body of one file; the body is all that follows the front matter, unchanged."""
    text = read_text(path)
    front = _front_matter(text, path.name)
    body = text[front.end() :] if front else text
    title = (_named_title(front["yaml"], path.name) if front else "") or first_heading(body)
    if not title:
        raise Fault(
            f"{path.name}: no title: begin it with a heading (# Title), or give it `title:` in a"
            " front matter"
        )
    return Post(title, body)


def first_heading(markdown: str) -> str:
    """The plain text of the first heading of level 1 that says something, else the empty text."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h1" and opening.level == 0:
            title = " ".join("".join(_plain(inline.children or [])).split())
            if title:
                return title
    return ""


def _plain(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                yield token.content
            case "softbreak" | "hardbreak":
                yield " "
            case "image":
                yield from _plain(token.children or [])


def _front_matter(text: str, name: str) -> re.Match[str] | None:
    front = FRONT_MATTER.match(text)
    if not front and FENCE.match(text):
        raise Fault(f"{name}, line 1: the front matter is never closed: end it with ---, {RULE}")
    return front


def _named_title(front: str, name: str) -> str:
    """`title` as it is written: BaseLoader keeps `title: 2024` and `title: yes` as text."""
    try:
        data: object = yaml.load(front, yaml.BaseLoader)  # noqa: S506 - it builds text only
    except (yaml.YAMLError, RecursionError) as error:
        line, problem = _where(error, front)
        raise Fault(f"{name}, line {line}: the front matter is no YAML: {problem}") from None
    if not isinstance(data, Mapping | None | str) or (isinstance(data, str) and data):
        raise Fault(
            f"{name}, line 1: the front matter has no `name: value` lines: add them, {RULE}"
        )
    title = data.get("title", "") if isinstance(data, Mapping) else ""
    if not isinstance(title, str):
        raise Fault(f"{name}: `title` in the front matter is no text: put it in quotes")
    return title.strip()


def _where(error: Exception, front: str) -> tuple[int, str]:
    match error:
        case yaml.MarkedYAMLError(problem_mark=yaml.Mark(line=line), problem=str(problem)):
            return line + FIRST_LINE_OF_YAML, problem
        case yaml.reader.ReaderError(position=int(position)):
            line = front.count("\n", 0, position)
            return line + FIRST_LINE_OF_YAML, "a control character"
        case _:
            return FIRST_LINE_OF_YAML, "nested too deeply"
