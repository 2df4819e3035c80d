"""`make chaos`: the long form; changes with what can be asked of it."""

import asyncio
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.chaos.chaos import run
from tests.chaos.form import Form, Store


@click.command()
@click.option("--writes", default=10_000, show_default=True, envvar="WRITES")
@click.option("--seed", type=int, default=lambda: secrets.randbelow(2**31), envvar="SEED")
@click.option(
    "--store",
    type=click.Choice([each.value for each in Store]),
    default="postgres",
    show_default=True,
)
@click.option("--copies", default=2, show_default=True, help="Processes of each function.")
@click.option("--outage", "outages", type=float, multiple=True, default=(20.0, 60.0))
@click.option("--settle-within", default=120.0, show_default=True, help="Seconds.")
@click.option("--folder", type=Path, help="Keep the data and the log here.")
@click.pass_context
def main(
    context: click.Context,
    *,
    writes: int,
    seed: int,
    store: str,
    copies: int,
    outages: tuple[float, ...],
    settle_within: float,
    folder: Path | None,
) -> None:
    """Kill everything while it is written to, and count what is lost."""
    form = Form(
        writes=writes,
        seed=seed,
        store=Store(store),
        copies=copies,
        outages=outages,
        settle_within=settle_within,
    )
    click.echo(f"seed {seed}: {writes} writes on {store}")
    with TemporaryDirectory() as temporary:
        report = asyncio.run(run(form, folder or Path(temporary)))
    for complaint in report.complaints:
        click.echo(complaint)
    click.echo(report)
    context.exit(1 if report.complaints else 0)


if __name__ == "__main__":
    main()
