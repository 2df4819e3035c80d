"""The verb `backup`: the data in one file while the blog runs; changes with what is kept in it."""

import os
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from broker.runner.data_option import data_option
from broker.runner.exchange import flush, is_unfinished
from broker.verbs.copies import NotACopy, check_database, check_names, private
from broker.verbs.moment import Databases, NoMoment, Unreadable, one_moment
from eventing.clock import now

PAGES = 4_096  # copied between two chances to interrupt
LEVEL = 6  # of gzip: its highest takes three times as long for some percent


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@data_option("The data folder.")
def backup(file: Path, data: Path) -> None:
    """Write all that is kept to FILE, a .tar.gz, as it is at one moment. The blog may run.

    `blog restore FILE` brings it back. What is deleted later stays in FILE.
    """
    if file.exists():
        raise click.ClickException(f"{file} is there already: name a new file")
    try:
        with one_moment(data) as databases:
            moment = now()
            _check(data, databases)
            _write(file, databases)
    except NotACopy as error:
        raise click.ClickException(f"{data.absolute()} cannot be backed up: {error}") from None
    except (NoMoment, Unreadable, OSError, sqlite3.Error) as error:
        raise click.ClickException(f"no backup was made: {error}") from None
    click.echo(f"{file}: {len(databases)} databases as of {moment}, {file.stat().st_size:,} bytes")


def _check(data: Path, databases: Databases) -> None:
    if is_unfinished(data):
        raise NotACopy("a restore ended half way: start the blog, or restore again")
    check_names(list(databases))


def _write(file: Path, databases: Databases) -> None:
    """FILE is there whole or not at all."""
    with TemporaryDirectory(dir=file.absolute().parent, prefix=f".{file.name}-") as work:
        archive = Path(work, file.name)
        with private(archive) as out:
            with tarfile.open(fileobj=out, mode="w:gz", compresslevel=LEVEL) as tar:
                for copy in _copies(databases, Path(work)):
                    tar.add(copy, copy.name)
            os.fsync(out.fileno())
        archive.rename(file)
        flush(file.absolute().parent)


def _copies(databases: Databases, folder: Path) -> Iterator[Path]:
    """One at a time: there may be little room."""
    for name, database in databases.items():
        copy = folder / name
        with closing(sqlite3.connect(copy)) as target:
            database.backup(target, pages=PAGES)
        check_database(copy)
        yield copy
        copy.unlink()
