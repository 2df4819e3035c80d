"""Other files take the place of those in a data folder: all of them, or none after a crash.

The folder itself stays where it is: it may be a mount point, or have a parent of somebody else's.
What is about to be moved is noted first, so that whoever next has the folder can take it back.
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

NOTE = ".restoring"
LONGEST_NAME = 255  # bytes
_NEW_NOTE = f"{NOTE}.new"
WORK = ".restore-"  # a folder with what is to come in
ASIDE = "until-"  # and the moment: what was there before


@dataclass(frozen=True, slots=True)
class _Note:
    aside: str
    old: list[str]
    new: list[str]


def exchange(data: Path, old: Sequence[str], new: Path) -> Path | None:
    """Move what is called `old` aside and the files in the folder `new` to `data`.

    Where the old ones are then, None if there were none. Nothing has changed after an OSError.
    """
    aside, coming = _aside(data), sorted(file.name for file in new.iterdir())
    _write(data, _Note(str(aside), list(old), coming))
    try:
        aside.mkdir(0o700)
        for name in old:
            (data / name).rename(aside / name)
        flush(aside)
        for name in coming:
            (new / name).rename(data / name)
        flush(data)
    except OSError:
        take_back(data)
        raise
    _forget(data)
    if old:
        return aside
    aside.rmdir()
    return None


def take_back(data: Path) -> bool:
    """Bring back what an exchange that did not end has moved; whether there was one."""
    for left in data.glob(f"{WORK}*"):  # by one that was killed
        rmtree(left, ignore_errors=True)
    (data / _NEW_NOTE).unlink(missing_ok=True)
    try:
        note = _Note(**json.loads((data / NOTE).read_text("ascii")))
    except FileNotFoundError:
        return False
    for name in set(note.new) - set(note.old):
        (data / name).unlink(missing_ok=True)
    for name in note.old:
        with suppress(FileNotFoundError):  # it has not been moved yet
            Path(note.aside, name).replace(data / name)
    with suppress(OSError):
        Path(note.aside).rmdir()
    flush(data)
    _forget(data)
    return True


def is_unfinished(data: Path) -> bool:
    """Whether the folder holds a part of one set of files and a part of another."""
    return (data / NOTE).exists()


def _aside(data: Path) -> Path:
    """A folder yet to be made, on the same disk: beside the data, or in it where that cannot be."""
    name = f"{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    beside = data.with_name(f"{data.name}-{name}")
    fits = len(os.fsencode(beside.name)) <= LONGEST_NAME
    here = data.parent.stat().st_dev == data.stat().st_dev
    return beside if fits and here and os.access(data.parent, os.W_OK | os.X_OK) else data / name


def _write(data: Path, note: _Note) -> None:
    new = data / _NEW_NOTE
    with new.open("w", encoding="ascii") as file:
        json.dump(asdict(note), file)
        file.flush()
        os.fsync(file.fileno())
    new.rename(data / NOTE)
    flush(data)


def _forget(data: Path) -> None:
    (data / NOTE).unlink()
    flush(data)


def flush(path: Path) -> None:
    """Return once what was written there is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
