"""A page of a history as a copy sees it, and how it is applied whatever is wrong in it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from eventing.database import StorageUnavailable
from eventing.projection import Change, Projection, Unfit
from eventing.reading import Page
from eventing.rebuild import RebuildEnded

log = logging.getLogger(__name__)

Result = TypeVar("Result")

Skipped = tuple[str, str]
"""The id of an event that cannot be applied, and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """The changes that a page asks for, and the links to it and to the page that follows."""

    feed: str
    links: tuple[str, str]
    events: Sequence[str]
    """The ids of all events of the page."""
    changes: Sequence[Change]
    skipped: Sequence[Skipped]


def make_step(projection: Projection, feed: str, link: str, page: Page) -> Step:
    """What a page means for a copy; events that fit no class are skipped."""
    changes: list[Change] = []
    skipped: list[Skipped] = [("?", "it is not an event")] * page.broken
    for event in page.events:
        try:
            if change := projection.read(event):
                changes.append(change)
        except Unfit as error:
            skipped.append((event.id, str(error)))
    ids = [event.id for event in page.events]
    return Step(feed, (link, page.following), ids, changes, skipped)


def take(
    step: Step, whole: Callable[[Step], Result], alone: Callable[[Change], object]
) -> tuple[Result, Step]:
    """Apply a step as a `whole`; if it fails, each change `alone`, and the rest of the step then.

    Also the step without what could not be applied. One event must not hold up all later ones.
    """
    try:
        return whole(step), step
    except (StorageUnavailable, RebuildEnded):
        raise
    except Exception:
        log.exception("events are applied one by one", extra={"fields": {"feed": step.feed}})
    skipped = [(change.id, why) for change in step.changes if (why := _try(alone, change))]
    rest = replace(step, changes=(), skipped=[*step.skipped, *skipped])
    return whole(rest), rest


def _try(alone: Callable[[Change], object], change: Change) -> str | None:
    try:
        alone(change)
    except (StorageUnavailable, RebuildEnded):
        raise
    except Exception as error:
        log.exception("an event cannot be applied", extra={"fields": {"id": change.id}})
        return f"applying it failed ({type(error).__name__})"
    return None
