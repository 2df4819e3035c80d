"""What functions and the broker tell about themselves, for the verb `status`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from time import time
from typing import Any

import click
import msgspec

from broker.verbs.ask import Answered, NoAnswer, answer
from broker.verbs.at_once import at_once
from eventing.condition import Trouble

LARGEST = 1_048_576  # bytes of an answer that are read
OLDER = 404  # what a version answers that has no `/status`

# Under which name a report lists what each function says of this.
KINDS = {
    "outbox": "outboxes",
    "copies": "copies",
    "deadLetters": "deadLetters",
    "database": "databases",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What `GET /status` says: facts by name, and troubles. Not `up` when nothing answered."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    troubles: Sequence[Trouble] = ()
    up: bool = True


def ask_all(addresses: Mapping[str, str], within: float) -> dict[str, Told]:
    """What each program tells that answers `GET` at its address; all are asked at once."""
    questions = {name: partial(ask_one, name, url, within) for name, url in addresses.items()}
    told = at_once(questions, within + 1.0)  # some answers come drop by drop
    return {name: told.get(name) or _silent(name, "timed out") for name in addresses}


def ask_one(name: str, url: str, within: float) -> Told:
    """What the program tells at `url`; that it tells nothing is a trouble too."""
    try:
        with answer(url, within=within) as answered:
            if answered.status == OLDER:
                return _older(url, within)
            return _read(name, answered)
    except NoAnswer as error:
        return _silent(name, error.reason)
    except click.ClickException as error:
        return _silent(name, error.message)


def by_kind(told: Mapping[str, Told]) -> dict[str, dict[str, Any]]:
    """`{"outboxes": {FUNCTION: facts}, …}`, of all functions that tell of one."""
    return {
        listed: {
            name: facts
            for name, one in told.items()
            if isinstance(facts := one.facts.get(kind), dict)
        }
        for kind, listed in KINDS.items()
    }


def _read(name: str, answered: Answered) -> Told:
    if answered.status != 200:
        return _unclear(name, f"it answered {answered.status}")
    if answered.headers.get_content_type() != "application/json":
        return Told()  # the ingress answers with its page
    try:
        document = msgspec.json.decode(answered.read(LARGEST), type=dict[str, Any])
        troubles = msgspec.convert(document.pop("troubles", []), list[Trouble])
    except (ValueError, msgspec.ValidationError):
        return _unclear(name, "its answer cannot be read")
    return Told(document, troubles)


def _silent(name: str, reason: str) -> Told:
    detail = f"it does not answer ({reason}): see its last log lines"
    return Told(troubles=[Trouble("program-down", name, detail)], up=False)


def _unclear(name: str, reason: str) -> Told:
    detail = f"it does not tell how it is ({reason}): see its last log lines"
    return Told(troubles=[Trouble("no-answer", name, detail)])


def _older(url: str, within: float) -> Told:
    """A version without `/status` tells of its outbox in the headers of its history."""
    history = f"{url.removesuffix('/status')}/events?limit=1"
    with answer(history, "HEAD", within=within) as answered:
        unpublished = answered.headers["Outbox-Unpublished"]
        since = answered.headers["Outbox-Oldest"]
    if unpublished is None:
        return Told()
    wait = max(0.0, round(time() - datetime.fromisoformat(since).timestamp(), 3)) if since else None
    return Told({"outbox": {"unpublished": int(unpublished), "oldestWait": wait}})
