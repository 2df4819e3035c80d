"""Runs the verb `load` as its users do: changes when its command line does."""

from pathlib import Path

from click.testing import CliRunner, Result

from broker.load import load
from tests.integration.load.small_blog import SmallBlog


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")
    return path


def run(blog: SmallBlog, *arguments: Path | str) -> Result:
    return CliRunner(env={"AUTHOR_TOKEN": None}).invoke(
        load, [*map(str, arguments), "--url", blog.url]
    )
