"""What an archive of the data holds: one sound database for each file, changes with that."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from broker.verbs.moment import BROKER


def private(file: Path) -> BinaryIO:
    """The new file, open for writing, which only this user may read whatever the umask."""
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


class NotACopy(Exception):
    """This is no whole copy of a blog's data; the message says why."""


def check_names(names: list[str]) -> None:
    """The files are databases, the broker's among them, and nothing else; NotACopy.

    Each is called as the function whose it is, which manifests let have any Python name.
    """
    if strange := [name for name in names if not _is_database(name)]:
        raise NotACopy(f"it holds {strange[0]!r}, which is no database of a blog")
    if BROKER not in names:
        raise NotACopy(f"it holds no {BROKER}")


def _is_database(name: str) -> bool:
    stem, _, ending = name.rpartition(".")
    return ending == "db" and stem.isidentifier()


def check_database(file: Path) -> None:
    """SQLite finds nothing wrong in the file; NotACopy."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            [found] = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        words = " ".join(found.split())  # in one line, which is all that monitors read
        raise NotACopy(f"{file.name} is damaged: {words}")
