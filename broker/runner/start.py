"""Puts the runner together: manifests, premises, programs, then the blog itself."""

import asyncio
import logging
import os
import shutil
from collections.abc import Callable
from functools import partial

from broker.manifests import load_platform
from broker.runner import premises, programs
from broker.runner.backups import Backups, room_for_backup
from broker.runner.blog import Blog, Chore
from broker.runner.chores import do_daily
from broker.runner.console import Console
from broker.runner.folder import data_folder, make_private
from broker.runner.inherited import settle_in
from broker.runner.register import Register
from broker.runner.settings import Settings


def start(settings: Settings, announce: Callable[[], None]) -> int:
    """Run the blog until a signal; the exit status.

    Raises ManifestError, NotPossible, NginxMissing or NotStarted, with nothing left running.
    """
    settle_in()
    platform = load_platform(settings.manifests)
    premises.check_page(settings.page)
    functions = programs.functions(platform, settings, os.environ)
    broker = [programs.broker(platform, settings, os.environ)]
    ingress = [programs.ingress(platform, settings, os.environ)]
    premises.check_ports([*ingress, *broker, *functions])
    with data_folder(settings.data):
        make_private(settings.data)
        link_page(settings)
        forget_answers(settings)  # of an ingress that was killed
        # The broker comes up last but one: it would count a delivery to a function that is still
        # starting as a failed attempt. It goes last: a function sends it what it still holds.
        up, down = [functions, broker, ingress], [ingress, functions, broker]
        repairs = partial(do_daily, programs.repairs(platform, settings, os.environ))
        backups = Backups(settings.data, broker[0].environment, room_for_backup)
        chores: list[Chore] = [repairs, backups.make_daily]
        blog = Blog(up, down, chores=chores, register=Register(settings.data))
        try:
            return asyncio.run(_run(blog, settings.log_level, announce))
        finally:
            forget_answers(settings)


def link_page(settings: Settings) -> None:
    """Let the ingress find the page under a name of ours."""
    link = settings.data / programs.INGRESS_FOLDER / programs.PAGE
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(settings.page)


def forget_answers(settings: Settings) -> None:
    """Remove what the ingress has kept: nobody would remove it while the blog does not run, and it
    may hold texts that have been deleted.
    """
    for store in programs.STORES:
        shutil.rmtree(settings.data / programs.INGRESS_FOLDER / store, ignore_errors=True)


async def _run(blog: Blog, log_level: str, announce: Callable[[], None]) -> int:
    console = Console()
    logging.basicConfig(level=log_level.upper(), handlers=[console.handler()], force=True)
    return await blog.run(console, announce)
