"""Which programs run, told to the operator's verbs by a file; changes with what they must know."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time

from broker.runner.programs import Program

FILE = "running.json"  # in the data folder

log = logging.getLogger("runner")


@dataclass(frozen=True, slots=True)
class Entry:
    """A program as it was last started: `started` in seconds since 1970."""

    port: int
    probe: str
    pid: int
    started: float
    restarts: int


class Register:
    """The programs of one blog, by name; written whole each time, so a reader sees no half."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._entries: dict[str, Entry] = {}

    def note(self, program: Program, pid: int) -> None:
        """The program was started, for the first time or again."""
        before = self._entries.get(program.name)
        restarts = before.restarts + 1 if before else 0
        self._entries[program.name] = Entry(program.port, program.probe, pid, time(), restarts)
        new = self._file.with_suffix(".new")
        try:
            new.write_text(json.dumps({name: asdict(one) for name, one in self._entries.items()}))
            new.replace(self._file)
        except OSError as error:  # a full disk must not keep a program from running
            log.warning("%s cannot be written: %s", self._file, error)

    def close(self) -> None:
        """Nothing runs any more."""
        self._file.unlink(missing_ok=True)


def read_register(folder: Path) -> Mapping[str, Entry]:
    """What the runner of that data folder has noted; FileNotFoundError when none runs.

    After a `kill -9` of the runner it is still there, with programs that no longer answer.
    """
    entries = json.loads((folder / FILE).read_text())
    return {name: Entry(**members) for name, members in entries.items()}
