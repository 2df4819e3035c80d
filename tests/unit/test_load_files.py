"""What a post's file and a comments file may look like: changes when the reading of them does."""

from pathlib import Path

import pytest

from broker.load.comments import Comment, post_of, read_comments
from broker.load.keys import key_of
from broker.load.posts import Post, post_files, read_post
from broker.load.text import Fault


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Plain\n\ntext", "Plain"),
        ("# *Soft* and **loud** `code_`\n", "Soft and loud code_"),
        ("# A [link](http://x.y) and ![a *sun*](sun.png)\n", "A link and a sun"),
        ("# Fish &amp; \\*chips\\* <b>hot</b> <http://x.y>\n", "Fish & *chips* hot http://x.y"),
        ("# Closed #   \n", "Closed"),
        ("Underlined\nover *two* lines\n===\n", "Underlined over two lines"),
        ("```\n# in code\n```\n\n    # too\n\n# Real\n", "Real"),
        ("#\n\n#no space\n\n## Second level\n\n# Full\n", "Full"),
        ("> # Quoted\n\n# Own\n", "Own"),
        ("---\ntitle: 'Front: *matter*'\n---\n# Heading\n", "Front: *matter*"),
        ("---\r\ntitle: Windows\r\n---\r\n# Heading\r\n", "Windows"),
        ("---\ntitle: 2024-05-06\n...\ntext", "2024-05-06"),
        ("---\ntitle: yes\n---", "yes"),
        ("---\ndate: 2024\n---\n# Heading\n", "Heading"),
        ("---\ntitle:\n---\n# Heading\n", "Heading"),
        ("---\n---\n# Heading\n", "Heading"),
        ("\n---\n# After a rule\n---\n", "After a rule"),
        ("\ufeff---\ntitle: Marked\n---\n", "Marked"),
    ],
)
def test_a_title_is_found_and_plain(tmp_path: Path, text: str, title: str) -> None:
    assert read(tmp_path, text.encode()).title == title


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("# T\r\n\r\nx\r", "# T\r\n\r\nx\r"),
        ("---\ntitle: T\n---\n\n\nx\n---\ny", "\n\nx\n---\ny"),
        ("---\ntitle: T\n--- \t\r\n  x ", "  x "),
        ("---\ntitle: T\n---", ""),
        ("\ufeff# T\n\ufeff", "# T\n\ufeff"),
    ],
)
def test_a_body_is_all_that_follows_the_front_matter(tmp_path: Path, text: str, body: str) -> None:
    assert read(tmp_path, text.encode()).body == body


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"text only", "a.md: no title: begin it with a heading (# Title)"),
        (b"", "a.md: no title"),
        (b"# T\n\nna\xefve", "a.md, line 3: not UTF-8 (byte 0xef): save the file as UTF-8"),
        ("# T".encode("utf-16"), "a.md, line 1: not UTF-8 (byte 0xff)"),
        (b"---\ntitle: T\n\ntext", "a.md, line 1: the front matter is never closed"),
        (b"---\nx: y\ntitle: a: b\n---\n", "a.md, line 3: the front matter is no YAML: mapping"),
        (
            b"---\ntitle: T\nx: [\n---\n",
            "a.md, line 4: the front matter is no YAML: expected the node",
        ),
        (b"---\ntitle: T\nx: \x07\n---\n", "a.md, line 3: the front matter is no YAML: a control"),
        (b"---\ntitle: " + b"[" * 5000 + b"\n---\n", "a.md, line 2: the front matter is no YAML"),
        (b"---\ntitle: [a]\n---\n", "a.md: `title` in the front matter is no text"),
        (b"---\n- a\n---\n", "a.md, line 1: the front matter has no `name: value` lines"),
        (b"---\njust text\n---\n", "a.md, line 1: the front matter has no `name: value` lines"),
        (b"---\ntitle: !!python/object/apply:os.getcwd []\n---\n", "`title` in the front matter"),
    ],
)
def test_a_file_that_is_no_post_is_named_with_the_line_and_the_remedy(
    tmp_path: Path, data: bytes, fault: str
) -> None:
    with pytest.raises(Fault) as raised:
        read(tmp_path, data)
    assert fault in str(raised.value)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("nowhere")
    with pytest.raises(Fault, match=r"a\.md: cannot be read: No such file"):
        read_post(tmp_path / "a.md")


def test_post_files_come_by_name_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.md", "a.md", "B.md", "é.md", "10.md", "2.md", ".c.md", "d.txt"):
        (tmp_path / name).touch()
    names = [file.name for file in post_files(tmp_path)]
    assert names == ["10.md", "2.md", "B.md", "a.md", "b.md", "é.md"]


def test_a_folder_without_posts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="no Markdown file"):
        post_files(tmp_path)


def test_rows_are_counted_without_header_and_empty_lines_and_kept_exactly(tmp_path: Path) -> None:
    text = '\ufeffauthor, content ,post\r\n" Ann ","two\r\nlines, ""x""",\r\n\r\n, y ,b.md\r\n'
    assert rows(tmp_path, text.encode()) == [
        row(tmp_path, 0, 'two\r\nlines, "x"', author="Ann"),
        row(tmp_path, 1, " y ", post="b.md"),
    ]


def test_columns_that_nobody_asked_for_are_ignored(tmp_path: Path) -> None:
    assert rows(tmp_path, b"spam,content\n1,x\n") == [row(tmp_path, 0, "x")]


def test_a_row_with_too_few_or_too_many_fields_is_a_fault_of_its_own(tmp_path: Path) -> None:
    short, good, long = rows(tmp_path, b"content,author\nx\ny,z\nyes, but,Ann\n")
    assert str(short).startswith("c.csv, row 0: 1 fields instead of 2: put quotes")
    assert good == row(tmp_path, 1, "y", author="z")
    assert str(long).startswith("c.csv, row 2: 3 fields instead of 2")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "c.csv, line 1: no column `content`, found: nothing"),
        (b"text,author\nx,y\n", "c.csv, line 1: no column `content`, found: text, author"),
        (b"content;author\nx;y\n", "found: content;author: the first line names the columns"),
        (b"content,content\nx,y\n", "c.csv, line 1: the column `content` is there twice"),
        (b'content\nx\n"open\ny\n', "c.csv, line 4: broken CSV (unexpected end of data)"),
        (b'content\n"a" b\n', "c.csv, line 2: broken CSV"),
        (b"content\n\xff\n", "c.csv, line 2: not UTF-8 (byte 0xff)"),
        (b"content\n" + b"x" * 200_000, "c.csv, line 2: broken CSV (field larger than"),
    ],
)
def test_a_csv_that_is_half_understood_is_refused_whole(
    tmp_path: Path, data: bytes, fault: str
) -> None:
    with pytest.raises(Fault) as raised:
        rows(tmp_path, data)
    assert fault in str(raised.value)


def test_a_comment_goes_to_the_post_it_names_else_round_by_row(tmp_path: Path) -> None:
    names = ["a.md", "b.md", "c.md"]
    assert post_of(row(tmp_path, 4, "x"), names) == "b.md"
    assert post_of(row(tmp_path, 4, "x", post="c.md"), names) == "c.md"
    assert str(post_of(row(tmp_path, 4, "x", post="d.md"), names)) == (
        "c.csv, row 4: there is no post file d.md"
    )


@pytest.mark.parametrize(
    ("file", "row", "key"),
    [
        ("posts/a b:1.md", None, "load:posts/a%20b%3A1.md"),
        ("café/日.csv", 7, "load:caf%C3%A9/%E6%97%A5.csv:7"),
        ("x/../posts/a.md", None, "load:posts/a.md"),
        ("posts/\udcff.md", None, "load:posts/%FF.md"),
    ],
)
def test_keys_are_visible_ascii(tmp_path: Path, file: str, row: int | None, key: str) -> None:
    (tmp_path / "x").mkdir()
    assert key_of(tmp_path / file, row) == key


def test_a_folder_has_the_same_keys_from_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "posts").mkdir()
    monkeypatch.chdir(tmp_path / "posts")
    assert key_of(Path("a.md")) == key_of(tmp_path / "posts" / "a.md") == "load:posts/a.md"


def test_long_names_have_short_keys_that_differ(tmp_path: Path) -> None:
    long = "日" * 80
    keys = {
        key_of(tmp_path / f"{name}.csv", row)
        for name in (long, long + "x")
        for row in (None, 1, 12)
    }
    assert len(keys) == 6
    assert max(map(len, keys)) <= 255


def read(folder: Path, data: bytes) -> Post:
    (folder / "a.md").write_bytes(data)
    return read_post(folder / "a.md")


def rows(folder: Path, data: bytes) -> list[Comment | Fault]:
    (folder / "c.csv").write_bytes(data)
    return read_comments(folder / "c.csv")


def row(
    folder: Path, number: int, content: str, *, author: str | None = None, post: str | None = None
) -> Comment:
    return Comment(
        row=number,
        where=f"c.csv, row {number}",
        key=key_of(folder / "c.csv", number),
        content=content,
        author=author,
        post=post,
    )
