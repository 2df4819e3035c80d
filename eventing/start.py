"""Starting a function: what is set wrong ends the start with one line that says so."""

import os
from collections.abc import Callable, Mapping

from eventing.function import Function
from eventing.hosts import Hosts
from eventing.logs import configure_logging
from eventing.settings import Misconfigured


def start(name: str, build: Callable[[Mapping[str, str]], Function]) -> Function:
    """The function that `build` makes of the environment; SystemExit when that is wrong."""
    try:
        configure_logging(name, os.environ.get("LOG_LEVEL") or "info")
        function = build(os.environ)
        function.hosts = Hosts.from_env(os.environ)
    except Misconfigured as error:
        raise SystemExit(f"{name}: {error}") from None
    return function
