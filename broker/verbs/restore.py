"""The verb `restore`: a backup takes the place of the data; changes with what it refuses."""

import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from broker.runner.data_option import data_option
from broker.runner.exchange import ASIDE, WORK, exchange, flush
from broker.runner.folder import BACKUPS, LOCK, data_folder, is_ours, make_private
from broker.runner.premises import NotPossible
from broker.verbs.copies import NotACopy, check_database, check_names, private

_BROKEN = (tarfile.TarError, EOFError, zlib.error)
_STAYS = (LOCK, BACKUPS, "lost+found")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option("The data folder.")
@click.option("--replace", is_flag=True, help="Put the data that is there aside, and say where.")
def restore(file: Path, data: Path, *, replace: bool) -> None:
    """Make the data folder out of FILE, which `blog backup` wrote. No blog may run on it.

    Nothing changes unless FILE is whole. The daily backups stay where they are.
    """
    data = data.resolve()
    try:
        with _taken(data, replace=replace), _unpacked(file, data) as unpacked:
            make_private(data)
            aside = exchange(data, _in_the_way(data), unpacked)
    except NotACopy as error:
        raise click.ClickException(f"{file} cannot be restored: {error}") from None
    except (NotPossible, OSError) as error:
        raise click.ClickException(f"nothing was restored: {error}") from None
    click.echo(f"{data} is as {file} has it" + (f"; what was there is in {aside}" if aside else ""))


@contextmanager
def _taken(data: Path, *, replace: bool) -> Iterator[None]:
    """The folder is ours, and no blog's, until the end; NotPossible when it may not be taken.

    After a failure there is nothing in it, and no folder, that was not there before.
    """
    _check_other_things(data)
    there, locked = data.exists(), (data / LOCK).exists()
    try:
        with data_folder(data):
            try:
                _check_data(data, replace=replace)
                yield
            finally:
                if not locked:  # while it is still ours: whoever waits for it makes a new one
                    (data / LOCK).unlink(missing_ok=True)
    except BaseException:
        if not there:
            with suppress(OSError):
                data.rmdir()
        raise


def _check_other_things(data: Path) -> None:
    if not data.exists() or any(data.glob("*.db")):
        return
    if not all(is_ours(entry.name) for entry in data.iterdir()):
        raise NotPossible(f"{data} holds other things: name another folder with --data")


def _check_data(data: Path, *, replace: bool) -> None:
    if not replace and any(data.glob("*.db")):
        raise NotPossible(
            f"{data} holds data already: name another folder with --data, or use --replace"
        )


def _in_the_way(data: Path) -> list[str]:
    """The names of what belongs to the data that is there, but for what has to stay."""
    return sorted(
        entry.name
        for entry in data.iterdir()
        if is_ours(entry.name)
        and entry.name not in _STAYS
        and not entry.name.startswith((WORK, ASIDE))
    )


@contextmanager
def _unpacked(file: Path, data: Path) -> Iterator[Path]:
    """A folder in `data` with what the archive holds, checked and on the disk; NotACopy."""
    with TemporaryDirectory(dir=data, prefix=WORK) as work:
        folder = Path(work, "data")
        folder.mkdir()
        try:
            with tarfile.open(file, "r:gz") as tar:
                _unpack(tar, folder)
        except _BROKEN as error:
            raise NotACopy(f"it is no whole archive: {error}") from None
        for database in folder.glob("*.db"):
            check_database(database)
            flush(database)
        flush(folder)
        yield folder


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    members = tar.getmembers()
    check_names([member.name for member in members])
    for member in members:
        source = tar.extractfile(member) if member.isfile() else None
        if source is None:
            raise NotACopy(f"{member.name} is no file in it")
        with source, private(folder / member.name) as target:
            shutil.copyfileobj(source, target)
