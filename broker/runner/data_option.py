"""The option `--data` of each verb that reads or writes the data folder."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def data_option(text: str) -> Decorator:
    """The option, with what it is for in that verb."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        envvar="DATA_DIR",
        default=Path("data"),
        show_default=True,
        show_envvar=True,
        callback=_with_home,
        help=text,
    )


def _with_home(_context: click.Context, _option: click.Parameter, folder: Path) -> Path:
    """Some shells leave the ~ in `make run DATA_DIR=~/blog` to us."""
    with suppress(RuntimeError):  # nobody's home
        return folder.expanduser()
    return folder
