"""How a function is: facts for operators, and troubles, logged as they begin and end."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from eventing.database import StorageDamaged, StorageUnavailable

WATCH_SECONDS = 60.0  # between two looks while nobody asks

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that time alone may not heal.

    `kind` is a word that docs/operating.md explains, `about` names the thing (an event, a file, a
    producer), `detail` says what happened and what to do. None of them holds a text that somebody
    wrote.
    """

    kind: str
    about: str
    detail: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: `facts` are ready for JSON, in camelCase."""

    facts: Mapping[str, object] = field(default_factory=dict)
    troubles: Sequence[Trouble] = ()


Check = Callable[[], Finding]


Told = dict[tuple[str, str], Trouble]
"""Troubles that the log tells of already, by kind and thing."""


class Condition:
    """The checks of one function, by the name under which `GET /status` shows their facts.

    That of the database comes last, so that it knows of the damage that others have met. Whoever
    follows another condition in the same process is given what that one has `told`.
    """

    def __init__(self, checks: Mapping[str, Check], told: Told | None = None) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._found: dict[str, Sequence[Trouble]] = {}  # by check, when it last could look
        self._told = {} if told is None else told

    def report(self) -> dict[str, object]:
        """`{"troubles": [{kind, about, detail}], NAME: facts, …}`; what is new is logged too."""
        findings = dict(self._look())
        troubles = list(_without_repeats(findings.values()))
        self._log_changes({(each.kind, each.about): each for each in troubles})
        facts = {name: dict(one.facts) for name, one in findings.items()}
        return {"troubles": [asdict(each) for each in troubles], **facts}

    def watch(self) -> None:
        """Look, so that the log tells of troubles although nobody asks."""
        self.report()

    def _look(self) -> Iterator[tuple[str, Finding]]:
        for name, check in self._checks.items():
            try:
                finding = check()
            # What was wrong before may still be: nobody could look.
            except StorageDamaged:
                finding = Finding(troubles=self._found.get(name, ()))
            except StorageUnavailable as error:
                detail = f"it cannot be reached ({error}): see whether it runs and has room"
                unreachable = Trouble("storage-unavailable", "database", detail)
                finding = Finding(troubles=[*self._found.get(name, ()), unreachable])
            else:
                self._found[name] = finding.troubles
            yield name, finding

    def _log_changes(self, found: Mapping[tuple[str, str], Trouble]) -> None:
        with self._lock:
            begun = [each for key, each in found.items() if key not in self._told]
            ended = [each for key, each in self._told.items() if key not in found]
            self._told.clear()
            self._told.update(found)
        for each in begun:
            log.error("trouble", extra={"fields": asdict(each)})
        for each in ended:
            log.error("trouble ended", extra={"fields": asdict(each)})


def _without_repeats(findings: Iterable[Finding]) -> Iterator[Trouble]:
    """All checks of a function look into one database, which is out of reach once."""
    seen = set()
    for trouble in (each for one in findings for each in one.troubles):
        if trouble not in seen:
            seen.add(trouble)
            yield trouble
