"""Which programs run, told to the operator's verbs by a file; changes with what they must know."""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time
from typing import Literal

from broker.runner.programs import Program

FILE = "running.json"  # in the data folder

Phase = Literal["starting", "running", "stopping"]

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
        self.folder = folder
        self._file = folder / FILE
        self._entries: dict[str, Entry] = {}
        self._phase: Phase = "starting"

    def note(self, program: Program, pid: int) -> None:
        """The program was started, for the first time or again."""
        before = self._entries.get(program.name)
        restarts = before.restarts + 1 if before else 0
        self._entries[program.name] = Entry(program.port, program.probe, pid, time(), restarts)
        self._write()

    def enter(self, phase: Phase) -> None:
        """The blog as a whole has come this far."""
        self._phase = phase
        self._write()

    def _write(self) -> None:
        programs = {name: asdict(one) for name, one in self._entries.items()}
        noted = {"phase": self._phase, "runner": os.getpid(), "programs": programs}
        new = self._file.with_suffix(".new")
        try:
            new.write_text(json.dumps(noted))
            new.replace(self._file)
        except OSError as error:  # a full disk must not keep a program from running
            log.warning("%s cannot be written: %s", self._file, error)

    def close(self) -> None:
        """Nothing runs any more."""
        self._file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Noted:
    """What the file says: how far the blog has come, whose process the runner is, the programs."""

    phase: Phase
    runner: int
    programs: Mapping[str, Entry]


def read_register(folder: Path) -> Mapping[str, Entry]:
    """The programs of the blog with that data folder; FileNotFoundError when none runs.

    After a `kill -9` of the runner they are still listed, and no longer answer.
    """
    return read_running(folder).programs


def read_running(folder: Path) -> Noted:
    """All that the runner of that data folder has noted; FileNotFoundError when none runs."""
    noted = json.loads((folder / FILE).read_text())
    programs = {name: Entry(**members) for name, members in noted["programs"].items()}
    return Noted(noted["phase"], noted["runner"], programs)
