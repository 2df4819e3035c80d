"""`blog` and its verbs; changes when a verb is added."""

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

# Imported when asked for: the runner's process stays as light as it can be.
VERBS = {
    "backup": "broker.verbs.backup",
    "dead": "broker.dead",
    "deploy": "broker.deploy.command",
    "events": "broker.verbs.events",
    "load": "broker.load",
    "outbox": "broker.verbs.outbox",
    "replay": "broker.verbs.replay",
    "restore": "broker.verbs.restore",
    "run": "broker.runner.command",
    "send": "broker.verbs.send",
    "status": "broker.verbs.status",
    "undeploy": "broker.deploy.command",
}

IN_CLUSTER = VERBS | {
    "events": "broker.cluster.events",
    "replay": "broker.cluster.replay",
    "status": "broker.cluster.status",
}
HERE_ONLY = {
    "backup": "back up the functions' databases with what their server brings (pg_dump)",
    "restore": "restore the functions' databases with what their server brings (pg_restore)",
    "run": "deploy it with `make deploy`",
    "load": "name its public address with --url instead",
}


class Verbs(click.Group):
    """The verbs, each a click command of that name in its module."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Start again where PYTHONOPTIMIZE has taken out the docstrings: they are what we say."""
        if sys.flags.optimize > 1 and "PYTHONOPTIMIZE" in os.environ:
            del os.environ["PYTHONOPTIMIZE"]
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606
        return super().main(*arguments, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        there = ctx.params.get("cluster", False)
        if there and cmd_name in HERE_ONLY:
            raise click.UsageError(f"no {cmd_name} in a cluster: {HERE_ONLY[cmd_name]}")
        module = import_module((IN_CLUSTER if there else VERBS)[cmd_name])
        command: click.Command = getattr(module, cmd_name)
        return command


@click.command(cls=Verbs)
@click.option("--cluster", is_flag=True, help="Operate the one in the cluster of kubectl.")
def main(cluster: bool) -> None:  # noqa: ARG001 - the verbs look for it
    """Run the blog on this machine, and operate it, here or in a cluster."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name that the terminal cannot show ends no verb
            stream.reconfigure(errors="backslashreplace")
