"""The programs of a blog on this machine, as the system sees their processes."""

import time
from collections.abc import Mapping
from typing import Any

import psutil

from broker.runner.register import Entry, Noted


def is_runner_alive(noted: Noted) -> bool:
    """Whether the runner that wrote this is still there, not another process with its number."""
    children = [is_child(entry, noted.runner) for entry in noted.programs.values()]
    return psutil.pid_exists(noted.runner) and (any(children) or not children)


def is_child(entry: Entry, runner: int) -> bool:
    """Whether the program's process is there and was started by that runner.

    After a `kill -9` another blog may answer at the same port.
    """
    try:
        return psutil.Process(entry.pid).ppid() == runner
    except psutil.NoSuchProcess:
        return False


def figures(entry: Entry) -> Mapping[str, Any]:
    """Seconds up and bytes in memory; None once it has ended.

    The memory is that of the process and its descendants; shared pages count in each.
    """
    try:
        process = psutil.Process(entry.pid)
        tree = [process, *process.children(recursive=True)]
        memory = sum(one.memory_info().rss for one in tree)
        return {"uptime": uptime(entry.pid), "memory": memory}
    except psutil.Error:  # it has just ended
        return {"uptime": None, "memory": None}


def uptime(pid: int) -> float:
    """Seconds that the process has run; 0 once it has ended."""
    try:
        began = psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0
    # Both of these times move along when somebody sets the clock.
    return round(max(0.0, time.time() - began), 1)
