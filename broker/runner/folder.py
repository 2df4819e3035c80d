"""The data folder: one process's alone, and for its user's eyes only."""

import fcntl
import logging
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from broker.runner.exchange import take_back
from broker.runner.premises import NotPossible

log = logging.getLogger("runner")

LOCK = ".lock"
BACKUPS = "backups"
# A database with what SQLite or we put beside it; a file system's own folder is nobody's.
_OURS = re.compile(
    r"\w+\.db\b.*|\.lock|\.restor.*|until-.*|running\.\w+|ingress|backups|lost\+found", re.DOTALL
)


@contextmanager
def data_folder(folder: Path) -> Iterator[None]:
    """The folder exists and is this process's alone until the end of the block."""
    with _locked(folder) as lock:
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        if take_back(folder):
            log.warning("a restore ended half way: %s is as it was before it", folder)
        yield


@contextmanager
def _locked(folder: Path) -> Iterator[TextIO]:
    """The file that is there once it is locked: whoever gives a folder up may take it away."""
    while True:
        with _lock_file(folder) as lock:
            _lock(lock, folder)
            with suppress(FileNotFoundError):
                if (folder / LOCK).stat().st_ino == os.fstat(lock.fileno()).st_ino:
                    yield lock
                    return


def _lock(lock: TextIO, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        whose = f"process {lock.read().strip() or 'unknown'}"
        raise NotPossible(
            f"the data folder {folder} is in use by another `blog run` ({whose}): "
            "end that one, or choose another folder with --data"
        ) from None
    except OSError as error:
        raise _unusable(folder, error) from None


def _lock_file(folder: Path) -> TextIO:
    try:
        if not folder.is_dir():
            folder.mkdir(0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise _unusable(folder, error) from None
    return os.fdopen(descriptor, "a+", encoding="ascii")


def _unusable(folder: Path, error: OSError) -> NotPossible:
    return NotPossible(
        f"the data folder {folder} cannot be used ({error.strerror}): choose another with --data"
    )


def is_ours(name: str) -> bool:
    """Whether a file of that name in a data folder is the blog's own."""
    return _OURS.fullmatch(name) is not None


def make_private(folder: Path) -> None:
    """Take from everybody else what an earlier version, or a careless umask, let them read.

    A folder that holds other things too may be meant for others; the blog's files in it are not.
    """
    entries = list(folder.iterdir())
    for entry in filter(lambda one: is_ours(one.name), entries):
        _tighten(entry)
        for parent, folders, files in os.walk(entry):
            for name in (*folders, *files):
                _tighten(Path(parent, name))
    if all(is_ours(entry.name) for entry in entries):
        _tighten(folder.resolve())


def _tighten(file: Path) -> None:
    with suppress(OSError):  # gone by now, or another user's: no reason not to start
        mode = file.lstat().st_mode
        if mode & 0o077 and (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            file.chmod(stat.S_IMODE(mode) & ~0o077)
