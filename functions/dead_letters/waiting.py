"""What is told of dead letters at `GET /status`: how many wait for whom, and why."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from eventing.condition import Finding, Trouble
from eventing.database import Database
from functions.dead_letters import store
from functions.dead_letters.retries import Retries
from functions.dead_letters.rules import no_trigger

TOLD = 100  # troubles; a Trigger is one
LATE = 3_600.0  # seconds; what lasts longer may not end by itself


def check(database: Database, subscribers: Mapping[str, str], retries: Retries) -> Finding:
    """`{"waitingForPerson", "retrying"}`, and a trouble for each Trigger whose letters wait for a
    person, and for each subscriber that has taken nothing for long."""
    with database.snapshot() as tx:
        groups = store.groups(tx)
    waiting: defaultdict[str, Counter[str]] = defaultdict(Counter)
    retrying = 0
    for trigger, reason, refused, letters in groups:
        if trigger not in subscribers:
            waiting[trigger][no_trigger(trigger)] += letters
        elif refused:
            waiting[trigger][reason] += letters
        else:
            retrying += letters
    facts = {"waitingForPerson": sum(map(Counter.total, waiting.values())), "retrying": retrying}
    troubles = [_trouble(name, waiting[name]) for name in sorted(waiting)[:TOLD]]
    late = retries.taking_nothing(LATE)
    return Finding(facts, [*troubles, *(_late(subscribers[name], late[name]) for name in late)])


def _trouble(trigger: str, reasons: Counter[str]) -> Trouble:
    letters = reasons.total()
    why = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common(3))
    count = "1 dead letter waits" if letters == 1 else f"{letters} dead letters wait"
    detail = (
        f"{count} for a person ({why}): see them with `blog dead --trigger {trigger}`, mend the"
        f" cause and deliver them with `blog dead redrive --trigger {trigger}`, or give one up with"
        " `blog dead discard ID --reason …`"
    )
    return Trouble("letter-waits", trigger, detail)


def _late(url: str, seconds: float) -> Trouble:
    detail = (
        f"it has taken no dead letter for {seconds / 3600:.0f} h: see why with `blog dead`; its"
        " letters are delivered by themselves once it takes one"
    )
    return Trouble("letter-late", url, detail)
