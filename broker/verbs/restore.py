"""The verb `restore`: a backup takes the place of the data; changes with what it refuses."""

import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from broker.runner.folder import data_folder
from broker.runner.premises import NotPossible
from broker.verbs.copies import NotACopy, check_database, check_names, data_option

_BROKEN = (tarfile.TarError, EOFError, zlib.error)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@click.option("--replace", is_flag=True, help="Put the data that is there beside, and say where.")
def restore(file: Path, data: Path, *, replace: bool) -> None:
    """Make the data folder out of FILE, which `blog backup` wrote. No blog may run on it.

    Nothing changes unless FILE is whole.
    """
    data = data.resolve()
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        with _free(data, replace=replace), _unpacked(file, data) as unpacked:
            aside = _move_aside(data)
            unpacked.rename(data)  # which an empty folder does not hinder
            _flush(data.parent)
    except NotACopy as error:
        raise click.ClickException(f"{file} cannot be restored: {error}") from None
    except (NotPossible, OSError) as error:
        raise click.ClickException(f"nothing was restored: {error}") from None
    click.echo(f"{data} is as {file} has it" + (f"; what was there is in {aside}" if aside else ""))


@contextmanager
def _free(data: Path, *, replace: bool) -> Iterator[None]:
    """No blog has the folder, and none gets it meanwhile; NotPossible when it may not be taken."""
    if not _holds_anything(data):
        yield
        return
    if not any(data.glob("*.db")):
        raise NotPossible(f"{data} holds other things: name another folder with --data")
    with data_folder(data):
        if not replace:
            raise NotPossible(
                f"{data} holds data already: name another folder with --data, or use --replace"
            )
        yield


def _holds_anything(folder: Path) -> bool:
    return folder.exists() and any(folder.iterdir())


@contextmanager
def _unpacked(file: Path, data: Path) -> Iterator[Path]:
    """A folder beside `data` with what the archive holds, checked and on the disk; NotACopy."""
    with TemporaryDirectory(dir=data.parent, prefix=f".{data.name}-") as work:
        folder = Path(work, "data")
        folder.mkdir()
        try:
            with tarfile.open(file, "r:gz") as tar:
                _unpack(tar, folder)
        except _BROKEN as error:
            raise NotACopy(f"it is no whole archive: {error}") from None
        for database in folder.glob("*.db"):
            check_database(database)
            _flush(database)
        _flush(folder)
        yield folder


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    members = tar.getmembers()
    check_names([member.name for member in members])
    for member in members:
        source = tar.extractfile(member) if member.isfile() else None
        if source is None:
            raise NotACopy(f"{member.name} is no file in it")
        with source, (folder / member.name).open("wb") as target:
            shutil.copyfileobj(source, target)


def _move_aside(data: Path) -> Path | None:
    """Where the data is that was there; None when there was none."""
    if not _holds_anything(data):
        return None
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return data.rename(data.with_name(f"{data.name}-until-{moment}"))


def _flush(path: Path) -> None:
    """What was written there is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
