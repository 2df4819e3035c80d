"""`blog run`: its options, and what it says to the person who started it."""

import os
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import click

from broker.manifests import ManifestError
from broker.runner.data_option import data_option
from broker.runner.keeper import NotStarted
from broker.runner.nginx import NginxMissing
from broker.runner.premises import NotPossible
from broker.runner.settings import Settings
from broker.runner.start import start
from eventing.logs import LEVELS

_REFUSALS = (ManifestError, NginxMissing, NotPossible, NotStarted)
_PORT = click.IntRange(1, 65_535)

STANDARD_OUTPUT = 1


@click.command()
@click.option("--port", type=_PORT, envvar="PORT", default=8080, help="Page and API.")
@click.option("--broker-port", type=_PORT, envvar="BROKER_PORT", default=8090, help="Broker.")
@click.option(
    "--function-port",
    type=_PORT,
    envvar="FUNCTION_PORT",
    default=8081,
    help="First of the functions' ports, one after another.",
)
@data_option("Folder for all that is kept.")
@click.option(
    "--log-level",
    type=click.Choice(LEVELS, case_sensitive=False),
    envvar="LOG_LEVEL",
    default="info",
    help="The least that is worth a line.",
)
@click.pass_context
def run(context: click.Context, /, data: Path, **options: Any) -> None:
    """Run the blog on this machine until Ctrl-C: broker, functions, and nginx in front."""
    settings = Settings(data=data.absolute(), **options)
    try:
        status = start(settings, lambda: announce(settings))
    except _REFUSALS as error:
        raise click.ClickException(str(error)) from None
    context.exit(status)


def announce(settings: Settings) -> None:
    """Say where everything is, and whether everybody may write.

    In a thread of its own, and by no buffer: if nobody reads it, the blog still hears a signal and
    ends.
    """
    Thread(target=_write, args=(_announcement(settings).encode(),), daemon=True).start()


def _write(text: bytes) -> None:
    # Nobody hears it, or the disk that it goes to is full: no reason to end.
    with suppress(OSError):
        while text:
            text = text[os.write(STANDARD_OUTPUT, text) :]


def _announcement(settings: Settings) -> str:
    text = (
        "The blog is running; Ctrl-C stops it.\n"
        f"  page    {settings.site}\n"
        f"  API     {settings.site}/api\n"
        f"  broker  http://localhost:{settings.broker_port}/blog/default\n"
    )
    if os.environ.get("AUTHOR_TOKEN", "").strip():  # as the functions read it
        return text
    return f"{text}Writing is open to everybody on this machine: AUTHOR_TOKEN is not set.\n"
