"""The program `replay` of a function with a projection: its options, and what it prints."""

import os
import sys
from collections.abc import Callable, Mapping

import click

from eventing.database import Database, StorageUnavailable
from eventing.logs import configure_logging
from eventing.progress import Progress
from eventing.projection import Projection
from eventing.reading import FeedUnreadable, read_peer
from eventing.rebuild import RebuildEnded
from eventing.replay import SETTLE, Replay
from eventing.settings import Misconfigured

RATE = 5_000  # events a second: half of what one core applies, so that live events get their turn
DIFFERENT, FAILED = 1, 2  # exit statuses

_FAILURES = (FeedUnreadable, Misconfigured, RebuildEnded, StorageUnavailable)


def program(
    name: str,
    projection: Projection,
    open_database: Callable[[Mapping[str, str]], Database],
    *,
    settle: float = SETTLE,
) -> click.Command:
    """The program for one projection; events on their way have `settle` seconds to arrive."""

    @click.command(name)
    @click.option(
        "--from",
        "feeds",
        multiple=True,
        required=True,
        envvar="FEEDS",
        metavar="ADDRESS",
        help="A producer whose feed is read, in this order, as in posts=http://HOST/; may be given"
        " several times. [FEEDS]",
    )
    @click.option("--check", is_flag=True, help="Change nothing; list what is wrong.")
    @click.option("--repair", is_flag=True, help="List what is wrong, and mend it.")
    @click.option(
        "--rate",
        type=click.IntRange(1),
        envvar="RATE",
        default=RATE,
        show_default=True,
        help="At most so many events a second. [RATE]",
    )
    def replay(feeds: tuple[str, ...], rate: int, *, check: bool, repair: bool) -> None:
        """Make the projection anew, beside the one that serves, and let it take that one's place.

        Interrupted, it goes on where it stopped. Exit status 1: --check found something wrong, or
        events could not be applied and were skipped.
        """
        try:
            configure_logging(name, os.environ.get("LOG_LEVEL") or "info")
            run = Replay(
                open_database(os.environ),
                projection,
                feeds=[read_peer(feed) for feed in feeds],
                progress=Progress(sys.stderr),
                rate=rate,
                settle=settle,
            )
            wrong = _run(run, compare=check or repair, mend=repair or not check)
        except _FAILURES as error:
            click.echo(f"{name}: {error}", err=True)
            sys.exit(FAILED)
        for event, why in run.skipped:
            click.echo(f"{name}: event {event} was skipped: {why}", err=True)
        sys.exit(DIFFERENT if run.skipped or (wrong and not repair) else 0)

    return replay


def _run(replay: Replay, *, compare: bool, mend: bool) -> int:
    """How much was found wrong; `mend` without `compare` replaces whatever serves."""
    rebuild, wrong = replay.fill(), 0
    for difference in replay.differences(rebuild) if compare else ():
        click.echo(difference)
        wrong += 1
    take_place = mend and (wrong > 0 or not compare)
    replay.end(rebuild, take_place=take_place, wrong=wrong if compare else None)
    return wrong
