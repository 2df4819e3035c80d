"""The verb `load` on the command line: changes when its arguments and options do."""

import sys
import time
from pathlib import Path

import click
import msgspec
from rich.console import Console

from broker.load.api import Blog
from broker.load.attempts import Door, Stopped, Waiting
from broker.load.comments import Comment, read_comments
from broker.load.loading import Loading
from broker.load.posts import post_files
from broker.load.progress import Display
from broker.load.report import Count, Report
from broker.load.settle import settle
from broker.load.text import Fault
from broker.runner.settings import HOST
from broker.verbs.ask import PORT

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("posts_dir", type=FOLDER)
@click.argument("comments_csv", type=FILE, required=False)
@click.option("--url", help="Where the blog is; on this machine unless given.")
@click.option(
    "--port",
    type=PORT,
    envvar="PORT",
    default=8080,
    show_default=True,
    show_envvar=True,
    help="The port of the blog on this machine.",
)
@click.option("--token", envvar="AUTHOR_TOKEN", show_envvar=True, help="The author's token.")
@click.option("--wait", is_flag=True, help="Wait until every comment is approved or rejected.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def load(
    posts_dir: Path,
    comments_csv: Path | None,
    *,
    url: str | None,
    port: int,
    token: str | None,
    wait: bool,
    as_json: bool,
) -> None:
    """Load posts from the Markdown files of POSTS_DIR, and comments from COMMENTS_CSV.

    A post's title is `title` in its front matter, else its first heading (# Title). The CSV begins
    with a header: `content`, and optionally `author` and `post`, the file name of the post that
    the comment belongs to. Without it row n (from 0) goes to post n mod the number of posts, in
    order of file name: name the posts where files will be added later.

    Loading again creates nothing twice: files and rows are known by the names of folder and file.
    """
    try:
        files = post_files(posts_dir)
        rows = read_comments(comments_csv) if comments_csv else []
    except Fault as fault:
        raise click.ClickException(str(fault)) from None
    display = Display(Console(stderr=True))
    door = Door(url or f"http://{HOST}:{port}", waiting=Waiting(), say=display.say)
    blog = Blog(door, token=token)
    with display.bars:
        report = _load(files, rows, blog=blog, display=display, wait=wait)
    click.echo(msgspec.json.encode(report) if as_json else str(report))
    sys.exit(0 if report.succeeded else 1)


def _load(
    files: list[Path], rows: list[Comment | Fault], *, blog: Blog, display: Display, wait: bool
) -> Report:
    """Send it all and, with `wait`, see it settle; what stops that is in the report."""
    report = Report(posts=Count(not_sent=len(files)), comments=Count(not_sent=len(rows)))
    begin = time.monotonic()
    try:
        loaded = Loading(blog, report, display).run(files, rows)
        report.loaded_in(time.monotonic() - begin)
        if wait:
            report.settled = dict(settle(blog, loaded, display))
            report.settled_after = round(time.monotonic() - begin, 3)
    except (Stopped, KeyboardInterrupt) as why:
        report.stopped = str(why) or "interrupted"
        report.loaded_in(report.seconds or time.monotonic() - begin)
    return report
