"""A wall clock of a program's own, moved while it runs; its monotonic clock stays as it is.

By libfaketime, which reads the offset from a file: changes with how that is told.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = "FAKETIME_TIMESTAMP_FILE"
RIGHT = "+0"
MISSING = "libfaketime is missing: no clock is moved; install faketime"

_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock that the file tells."""

    file: Path

    def environment(self) -> Mapping[str, str]:
        """What makes a program go by it; nothing where libfaketime is missing."""
        if (library := faketime()) is None:
            return {}
        self.move(RIGHT)
        return {
            "LD_PRELOAD": str(library),
            FILE: str(self.file),
            "FAKETIME_CACHE_DURATION": "1",  # seconds until a move is noticed
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",  # as older versions spell it
            "NO_FAKE_STAT": "1",
        }

    def move(self, offset: str) -> None:
        """Set it off from the right time by so much: `-3600`, `+40d`, RIGHT."""
        self.file.write_text(f"{offset}\n")


def faketime() -> Path | None:
    """The library for programs with threads."""
    places = (Path(folder) / "faketime" / "libfaketimeMT.so.1" for folder in _FOLDERS)
    found = next((place for place in places if place.is_file()), None)
    if found is None and os.environ.get("CI"):
        raise FileNotFoundError(MISSING)
    return found
