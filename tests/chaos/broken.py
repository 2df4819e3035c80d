"""Shows that the chaos test can fail: what the blog relies on is taken out, one by one, in a copy.

`python -m tests.chaos.broken [NAME ...]`; changes with what the blog relies on.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click

PROJECT = Path(__file__).parents[2]
PARTS = ("broker", "eventing", "functions", "knative", "tests")
SHOWN, WIDTH = 2, 240  # complaints of each kind, and characters of each


class Change(NamedTuple):
    """In this file, these words instead of those."""

    file: str
    old: str
    new: str


NO_CATCH_UP = Change(
    "eventing/upkeep.py",
    "    interval: float | None = 20.0\n",
    "    interval: float | None = None\n",
)

BREAKS: Mapping[str, Sequence[Change]] = {
    "outbox": [  # an event is appended in a transaction of its own, after that of the state
        Change(
            "eventing/outbox.py",
            "    tx.execute(_INSERT, *_row(event, entity), 0)\n",
            "    tx.later.append((_INSERT, *_row(event, entity), 0))\n",
        ),
        Change(
            "eventing/database.py",
            "        self._rename = rename\n",
            "        self._rename = rename\n        self.later = []\n",
        ),
        Change(
            "eventing/database.py",
            "                yield Transaction(connection, self.engine)\n",
            """                done = Transaction(connection, self.engine)
                yield done
            for statement in done.later:
                with self._begin(writing=True) as tx:
                    tx.execute(*statement)
""",
        ),
    ],
    "verdict": [
        Change(
            "functions/moderation/main.py",
            """            if known := outbox.find(tx, comment.id):
                return known
""",
            "",
        ),
        Change(
            "functions/moderation/main.py",
            "return outbox.append_reply(tx, verdict, entity=comment.id)",
            "return verdict",
        ),
    ],
    "version": [
        Change(
            "functions/query/projection.py",
            "known.deleted or post.version <= known.version",
            "known.deleted",
        ),
        Change(
            "functions/query/projection.py",
            "known and comment.version <= known.version",
            "known and comment.version < 0",
        ),
        NO_CATCH_UP,  # which would mend what this lets through
    ],
    "sweep": [
        Change("eventing/relay.py", "float | None = self._first_sweep()", "float | None = None")
    ],
    "redelivery": [  # of dead letters, without an order
        Change(
            "functions/dead_letters/main.py",
            "upkeep.worker, Worker(retries.start, retries.stop)]",
            "upkeep.worker]",
        )
    ],
    "catch-up": [NO_CATCH_UP],
    "announcement": [  # once more, of a comment that waits for its verdict
        Change(
            "functions/comments/main.py",
            '    if env.get("K_SERVICE") or not env.get("K_SINK"):\n',
            "    if env:\n",
        )
    ],
    "key": [
        Change("eventing/idempotency.py", "    if key is None:\n", "    if key is not None:\n"),
    ],
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BREAKS)))
def main(names: Sequence[str]) -> None:
    """Break one thing after another and let chaos find it."""
    for name in names or BREAKS:
        with TemporaryDirectory() as folder:
            click.echo(f"== without {name}")
            for line in _found(break_copy(Path(folder), BREAKS[name])):
                click.echo(line)


def break_copy(folder: Path, changes: Sequence[Change]) -> Path:
    """A copy of the project with the changes made."""
    for part in PARTS:
        ignored = shutil.ignore_patterns("node_modules", "__pycache__")
        shutil.copytree(PROJECT / part, folder / part, ignore=ignored)
    for change in changes:
        file = folder / change.file
        text = file.read_text("utf-8")
        if text.count(change.old) != 1:
            raise click.ClickException(f"{change.file} no longer has, once: {change.old}")
        file.write_text(text.replace(change.old, change.new), "utf-8")
    return folder


def _found(project: Path) -> list[str]:
    """The first complaints of each kind, and the last line."""
    command = [sys.executable, "-m", "tests.chaos", "--writes", "300", "--outage", "5"]
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        check=False,
        text=True,
    )
    *complaints, last = done.stdout.splitlines()
    kinds: dict[str, list[str]] = {}
    for complaint in complaints:
        kind = re.sub(r"\S*\d\S*", "", complaint)[:40]
        kinds.setdefault(kind, []).append(complaint[:WIDTH])
    return [line for found in kinds.values() for line in found[:SHOWN]] + [
        last + done.stderr[-3000:]
    ]


if __name__ == "__main__":
    main()
