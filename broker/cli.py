"""`blog` and its verbs; changes when a verb is added."""

from importlib import import_module

import click

# Imported when asked for: the runner's process stays as light as it can be.
VERBS = {
    "backup": "broker.verbs.backup",
    "dead": "broker.dead",
    "events": "broker.verbs.events",
    "load": "broker.load",
    "replay": "broker.verbs.replay",
    "restore": "broker.verbs.restore",
    "run": "broker.runner.command",
    "send": "broker.verbs.send",
    "status": "broker.verbs.status",
}


class Verbs(click.Group):
    """The verbs, each a click command of that name in its module."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(import_module(VERBS[cmd_name]), cmd_name)
        return command


@click.command(cls=Verbs)
def main() -> None:
    """Run the blog on this machine, and operate it."""
