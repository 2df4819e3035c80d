"""`make bench`: changes with what can be asked of it."""

import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks import classic, machine, report, wrk
from benchmarks.bench import FULL, QUICK, USUAL, Bench, Form
from benchmarks.measuring import GROUPS, measure
from benchmarks.process import NotMeasurable
from benchmarks.results import Run
from benchmarks.table import misses, table


@click.command()
@click.option("--peer", type=Path, envvar="PEER", help="Folder of the classic blog.")
@click.option("--quick", is_flag=True, help="Shorter, beside the newest run that is kept.")
@click.option("--full", is_flag=True, envvar="FULL", help="And ten minutes for the memory.")
@click.option(
    "--only",
    type=click.Choice(list(GROUPS)),
    multiple=True,
    envvar="ONLY",
    help="Just these measures; nothing is kept.",
)
def main(peer: Path | None, *, quick: bool, full: bool, only: tuple[str, ...]) -> None:
    """Measure the blog, in turns with the classic one, and keep the figures in docs/."""
    form = QUICK if quick else FULL if full else USUAL
    command = _command(peer, quick=quick, full=full)
    keep = (lambda _: None) if quick or only else report.keep
    try:
        with TemporaryDirectory(prefix="bench-") as folder:
            bench = _begun(form, peer, Path(folder), command)
            measure(bench, list(only or GROUPS), keep)
    except NotMeasurable as error:
        raise click.ClickException(str(error)) from None
    if quick or only:
        _show_beside_kept(bench.run)
    else:
        click.echo(table([(bench.run.date, bench.run)]))
        click.echo(f"kept in {report.FOLDER}")
    for miss in misses(bench.run):
        click.echo(f"misses its aim: {miss}")


def _begun(form: Form, peer: Path | None, folder: Path, command: str) -> Bench:
    wrk.check()
    run = Run(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=machine.commit(),
        command=command,
        notes=dict(machine.describe(folder)),
    )
    copy = classic.prepare(peer, folder) if peer else None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    return Bench(form=form, folder=folder, peer=copy, run=run)


def _command(peer: Path | None, *, quick: bool, full: bool) -> str:
    # Where the folder lies is nobody else's business.
    given = {"PEER": peer and peer.name, "FULL": "1" if full else None}
    words = [f"{name}={value}" for name, value in given.items() if value]
    return " ".join(["make", "bench-quick" if quick else "bench", *words])


def _show_beside_kept(run: Run) -> None:
    kept = report.newest()
    click.echo(table([*([(f"kept: {kept.date}", kept)] if kept else []), ("now", run)]))


if __name__ == "__main__":
    main()
