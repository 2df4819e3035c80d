"""The verb `replay`: runs a function's own program of that name; changes with how that is found."""

import os
from pathlib import Path

import click

from broker.manifests import load_platform
from broker.runner import programs
from broker.runner.data_option import data_option
from broker.runner.register import read_register
from broker.runner.settings import Settings


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("function")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@data_option("The data folder.")
def replay(function: str, options: tuple[str, ...], data: Path) -> None:
    """Make the copy that FUNCTION keeps anew from the producers' feeds. The blog must run.

    `blog replay FUNCTION -- --help` tells of the OPTIONS, --check and --repair among them.
    """
    known = _programs(data.absolute())
    if function not in known:
        raise click.UsageError(f"{function} keeps no copy; {', '.join(known)} do")
    program = known[function]
    # It takes the place of this process: the terminal, and who ends it, are its own.
    os.execve(program.command[0], (*program.command, *options), dict(program.environment))  # noqa: S606


def _programs(data: Path) -> dict[str, programs.Command]:
    platform = load_platform(Settings().manifests)
    try:
        register = read_register(data)
    except FileNotFoundError:
        raise click.ClickException(
            f"no blog runs with the data folder {data}: start it with `make run`, or name its"
            " folder with --data"
        ) from None
    first = min(register[service.name].port for service in platform.services if service.function)
    settings = Settings(data=data, function_port=first)
    return programs.replays(platform, settings, os.environ)
