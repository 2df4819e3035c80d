"""On what a run was made: changes with what a reader must know to judge the figures."""

import os
import platform
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import psutil

from broker.runner.nginx import find_nginx
from broker.runner.settings import PROJECT


def describe(folder: Path) -> Mapping[str, str]:
    """What makes figures differ between machines; `folder` is where the data lies."""
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0]
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": platform.platform(),
        "file system": _file_system(folder),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "functions-framework": version("functions-framework"),
        "Node.js": _said("node", "--version"),
        "nginx": _said(str(find_nginx()), "-v"),
        "wrk": _said("wrk", "--version"),
        "load before the run": f"{load:.1f}",
    }


def commit() -> str:
    """The commit that is measured, and whether files differ from it."""
    return _said("git", "-C", str(PROJECT), "describe", "--always", "--dirty")


def _processor() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in _read("/proc/cpuinfo").splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else platform.processor() or platform.machine()


def _file_system(folder: Path) -> str:
    parts = [p for p in psutil.disk_partitions(all=True) if folder.is_relative_to(p.mountpoint)]
    closest = max(parts, key=lambda part: len(part.mountpoint), default=None)
    return closest.fstype if closest else "unknown"


def _read(file: str) -> str:
    path = Path(file)
    return path.read_text("utf-8") if path.exists() else ""


def _said(*command: str) -> str:
    """The first line that a program says of itself."""
    if shutil.which(command[0]) is None:
        return "none"
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return (done.stdout + done.stderr).strip().partition("\n")[0]
