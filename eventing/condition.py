"""How a function is: facts for operators, and troubles, logged as they begin and end."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from eventing.database import StorageUnavailable

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


class Condition:
    """The checks of one function, by the name under which `GET /status` shows their facts."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._found: dict[str, Sequence[Trouble]] = {}  # by check, when it last could look
        self._known: dict[tuple[str, str], Trouble] = {}

    def report(self) -> dict[str, object]:
        """`{"troubles": [{kind, about, detail}], NAME: facts, …}`; what is new is logged too."""
        findings = dict(self._look())
        troubles = [trouble for one in findings.values() for trouble in one.troubles]
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
            except StorageUnavailable as error:
                detail = f"it cannot be reached ({error}): see whether it runs and has room"
                unreachable = Trouble("storage-unavailable", name, detail)
                # What was wrong before may still be: nobody could look.
                finding = Finding(troubles=[*self._found.get(name, ()), unreachable])
            else:
                self._found[name] = finding.troubles
            yield name, finding

    def _log_changes(self, found: Mapping[tuple[str, str], Trouble]) -> None:
        with self._lock:
            begun = [each for key, each in found.items() if key not in self._known]
            ended = [each for key, each in self._known.items() if key not in found]
            self._known = dict(found)
        for each in begun:
            log.error("trouble", extra={"fields": asdict(each)})
        for each in ended:
            log.error("trouble ended", extra={"fields": asdict(each)})
