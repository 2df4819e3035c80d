"""Reads comments from a CSV file: changes when its columns, or where a row goes, do."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from broker.load.keys import key_of
from broker.load.text import Fault, read_text

COLUMNS = ("content", "author", "post")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One row: `row` counts from 0 without the header, `where` names it to people."""

    row: int
    where: str
    key: str
    content: str
    author: str | None = None
    post: str | None = None

    def document(self) -> dict[str, str]:
        """What `POST /api/posts/ID/comments` takes."""
        author = {"author": self.author} if self.author is not None else {}
        return {"content": self.content, **author}


def read_comments(path: Path) -> list[Comment | Fault]:
    """Every row in order, one that is wrong as its fault.

    Where the quoting is broken, nobody knows which rows were meant: that refuses the whole file.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        header = _header(next(reader, []), path.name)
        return list(_rows(reader, header, path))
    except csv.Error as error:
        raise Fault(
            f"{path.name}, line {reader.line_num}: broken CSV ({error}): put quotes around"
            ' the whole field, and write "" for a quote inside it'
        ) from None


def post_of(comment: Comment, names: Sequence[str]) -> str | Fault:
    """The file name of the post that a comment belongs to: the one it names, else row mod posts."""
    post = comment.post or names[comment.row % len(names)]
    return post if post in names else Fault(f"{comment.where}: there is no post file {post}")


def _header(cells: list[str], name: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    if "content" not in header:
        found = ", ".join(header) or "nothing"
        raise Fault(
            f"{name}, line 1: no column `content`, found: {found}: the first line names the"
            " columns, with commas between"
        )
    twice = [column for column in COLUMNS if header.count(column) > 1]
    if twice:
        raise Fault(f"{name}, line 1: the column `{twice[0]}` is there twice: keep one")
    return header


def _rows(reader: Iterable[list[str]], header: list[str], path: Path) -> Iterator[Comment | Fault]:
    filled = (cells for cells in reader if cells)  # an empty line is no row
    for row, cells in enumerate(filled):
        if len(cells) == len(header):
            yield _comment(path, row, dict(zip(header, cells, strict=True)))
        else:
            yield Fault(
                f"{_where(path, row)}: {len(cells)} fields instead of {len(header)}: put quotes"
                " around a field with a comma in it"
            )


def _comment(path: Path, row: int, cells: dict[str, str]) -> Comment:
    """Content exactly as it is; an author or a post that is blank is none."""
    return Comment(
        row=row,
        where=_where(path, row),
        key=key_of(path, row),
        content=cells["content"],
        author=cells.get("author", "").strip() or None,
        post=cells.get("post", "").strip() or None,
    )


def _where(path: Path, row: int) -> str:
    return f"{path.name}, row {row}"
