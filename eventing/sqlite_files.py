"""The files of one SQLite database: who may read them, who uses them, whether all are there.

Beside the file and SQLite's own two (`-wal`, the write-ahead log, and `-shm`, its index) there is
`.state`: it says something once the database holds anything, and whether the log holds what the
file lacks. Whoever has the database open holds a shared lock on it, and closes it soon when
`.closing` appears.

Nothing here opens the file or its index: closing them again would end the locks that SQLite has on
them for all of this process (https://sqlite.org/howtocorrupt.html, 2.2).
"""

import fcntl
import os
import time
import weakref
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600
_OPEN_TO_OTHERS = 0o077
LONGEST_CLOSED = 30.0  # seconds that one process keeps all others out
SAVED, UNSAVED = b"saved\n", b"unsaved\n"


class DatabaseFiles:
    """The files of the database at `file`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.log, self.index, self.state, self.closing = (
            Path(f"{file}{end}") for end in ("-wal", "-shm", ".state", ".closing")
        )
        self._lock: int | None = None

    def make(self) -> None:
        """Make the file if it is not there, and take all from everybody but this user; OSError."""
        with suppress(FileExistsError):
            os.close(os.open(self.file, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
        for file in (self.file, self.log, self.index, self.state, Path(f"{self.file}.relay")):
            _close_to_others(file)

    def make_folder(self) -> None:
        """Make it for this user alone; one that is there may be anybody's, and stays as it is."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def identities(self) -> tuple[int, ...]:
        """What these names stand for now; 0 for nothing."""
        return tuple(map(_identity, (self.file, self.log, self.index)))

    def note_unsaved(self) -> None:
        """The log will hold what the file lacks; OSError."""
        self._note(UNSAVED)

    def is_noted_unsaved(self) -> bool:
        """Whether that is noted; asked before each commit."""
        return size(self.state) == len(UNSAVED)

    def note_saved(self) -> None:
        """The log holds nothing more; OSError. Called while nobody else can commit."""
        if size(self.state) != len(SAVED):
            self._note(SAVED)

    def is_lost(self) -> bool:
        """Whether the file is gone or empty although the database held something."""
        return size(self.file) == 0 and size(self.state) > 0

    def has_lost_log(self) -> bool:
        """Whether the log is gone or empty although it held what the file lacks.

        Asked while nobody has the database open. A program that opened and closed it meanwhile,
        like sqlite3, has written the log's content into the file and removed log and index.
        """
        if not self.is_noted_unsaved() or size(self.log) > 0:
            return False
        removed_alone = self.index.exists() and not self.log.exists()
        return removed_alone or self.file.stat().st_mtime_ns <= self.state.stat().st_mtime_ns

    def set_aside(self, ending: str) -> None:
        """Give the files other names; OSError. Called while nobody has the database open."""
        for file in (self.file, self.log, self.index):
            with suppress(FileNotFoundError):
                file.rename(f"{self.file}{ending}{str(file).removeprefix(str(self.file))}")
        os.truncate(self.state, 0)  # not removed: it is what others wait for

    def use(self, *, alone: bool = False) -> bool:
        """Count as a user, or as the only one there may be; False if others prevent it.

        OSError if the folder cannot be made. Where it takes no more files, because the disk is full
        or read-only, nobody is prevented: what is there can still be read.
        """
        self.make_folder()
        try:
            if self._lock is None:
                self._lock = os.open(self.state, os.O_CREAT | os.O_RDWR, PRIVATE)
                self._unlock = weakref.finalize(self, os.close, self._lock)
            fcntl.flock(self._lock, fcntl.LOCK_NB | (fcntl.LOCK_EX if alone else fcntl.LOCK_SH))
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def ask_to_close(self) -> bool:
        """Ask all users to close it; False if somebody has asked already. OSError."""
        try:
            os.close(os.open(self.closing, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
        except FileExistsError:
            return False
        return True

    def are_to_be_closed(self) -> bool:
        """Whether somebody has asked all users to close it, and has not died since."""
        try:
            age = time.time() - self.closing.stat().st_mtime
        except OSError:
            return False
        if abs(age) > LONGEST_CLOSED:
            self.closing.unlink(missing_ok=True)
            return False
        return True

    def leave(self) -> None:
        """Be no user any more."""
        if self._lock is not None:
            self._lock = None
            self._unlock()

    def _note(self, word: bytes) -> None:
        # Written over, not anew: where the disk is full this needs no room.
        state = os.open(self.state, os.O_CREAT | os.O_WRONLY, PRIVATE)
        try:
            os.pwrite(state, word, 0)
            os.ftruncate(state, len(word))
        finally:
            os.close(state)


def size(file: Path) -> int:
    """Bytes; 0 if there is no such file."""
    try:
        return os.stat(file).st_size  # noqa: PTH116 - half the time of Path.stat, at each commit
    except OSError:
        return 0


def _identity(file: Path) -> int:
    try:
        return file.stat().st_ino
    except OSError:
        return 0


def _close_to_others(file: Path) -> None:
    with suppress(OSError):  # another user's, or not there
        if file.stat().st_mode & _OPEN_TO_OTHERS:
            file.chmod(PRIVATE)
