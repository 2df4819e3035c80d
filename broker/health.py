"""What an operator is told of the broker; changes when another trouble can be seen here."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

from broker.inspection import Inspection
from broker.log import EventLog
from broker.logfile import set_aside
from eventing.condition import Condition, Finding, Told, Trouble
from eventing.database import StorageUnavailable

TOLD_FOR = 3_600.0  # seconds for which something that is over is still told

_MADE_UP_FOR = "the functions make up for what it held from the histories"


@dataclass(slots=True)
class Notices:
    """What befell the log, told for an hour, and all `troubles` that lines tell of already."""

    troubles: Told = field(default_factory=dict)
    _told: dict[str, float] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Tell of this from now on."""
        self._told[text] = monotonic()

    def __iter__(self) -> Iterator[str]:
        now = monotonic()
        return (text for text, at in self._told.items() if now - at < TOLD_FOR)


class Health:
    """The broker's checks."""

    def __init__(self, log: EventLog, inspection: Inspection, notices: Notices) -> None:
        self._log = log
        self._inspection = inspection
        self._notices = notices
        checks = {"kept": self._kept, "database": self._database}
        self.condition = Condition(checks, notices.troubles)

    def _kept(self) -> Finding:
        """`{"waitingForPerson": …, "retrying": …}` of what neither subscriber nor sink took."""
        try:
            dead = {name: counted["dead"] for name, counted in self._log.counts().items()}
            waiting = {name: self._log.waiting_for_person(name) for name in dead if dead[name]}
        except sqlite3.Error as error:
            raise StorageUnavailable(str(error)) from None
        for_person = sum(waiting.values())
        troubles = [_letter_waits(name, count) for name, count in waiting.items() if count]
        facts = {"waitingForPerson": for_person, "retrying": sum(dead.values()) - for_person}
        return Finding(facts, troubles)

    def _database(self) -> Finding:
        """`{"damaged": text or null, "checkedAt": time or null}` of the event log."""
        name = self._log.file.path.name
        notices = [Trouble("database-damaged", name, text) for text in self._notices]
        aside = [
            Trouble(
                "log-set-aside",
                path.name,
                f"{name} could not be read and is kept as {path}; {_MADE_UP_FOR}: look into it if"
                " you like, then delete it or move it away, for it may hold texts",
            )
            for path in set_aside(self._log.file.path)
        ]
        facts = {
            "damaged": next(iter(self._notices), None),
            "checkedAt": self._inspection.checked_at,
        }
        return Finding(facts, [*notices, *aside])


def _letter_waits(trigger: str, count: int) -> Trouble:
    events = "1 event" if count == 1 else f"{count} events"
    detail = (
        f"the broker keeps {events} that were refused by whoever could take them: see them with"
        " `blog dead`, mend the cause, and restart the blog, which tries them once more"
    )
    return Trouble("letter-waits", trigger, detail)


def lost(what: str) -> str:
    """A notice that some of the log may be missing."""
    return f"{what}, so events may be missing: {_MADE_UP_FOR}, nothing needs to be done"
