"""What must be so before anything starts: the page, and free ports."""

import errno
import socket
from collections.abc import Sequence
from pathlib import Path

from broker.runner.programs import Program
from broker.runner.settings import HOST, HOST_IPV6


class NotPossible(Exception):
    """The blog cannot start here; the message names the thing and the remedy."""


def check_page(folder: Path) -> None:
    """The page has been built."""
    if not (folder / "index.html").is_file():
        raise NotPossible(f"the page is not built ({folder} has no index.html): use `make run`")


def check_ports(programs: Sequence[Program]) -> None:
    """Each program's port is free, and no two programs are given the same."""
    given: dict[int, Program] = {}
    for program in programs:
        if (other := given.setdefault(program.port, program)) is not program:
            raise NotPossible(
                f"port {program.port} is given to both {other.name} and {program.name}: "
                f"choose another with {other.option} or {program.option}"
            )
    for program in programs:
        _check_port(program)


def _check_port(program: Program) -> None:
    whose = f"port {program.port} (for {program.name})"
    try:
        free = all(is_free(program.port, host) for host in _hosts(program))
    except PermissionError:
        remedy = f"choose one above 1023 with {program.option}"
        raise NotPossible(f"{whose} is not for this user to open: {remedy}") from None
    except OverflowError:
        raise NotPossible(f"{whose} does not exist: choose lower ones") from None
    if not free:
        remedy = f"end the program that listens there, or choose another with {program.option}"
        raise NotPossible(f"{whose} is taken: {remedy}")


def _hosts(program: Program) -> list[str]:
    """Where it listens; `localhost` has to lead to the page for those that try IPv6 first, too."""
    return [HOST, HOST_IPV6] if program.environment.get("ALSO") else [HOST]


def is_free(port: int, host: str = HOST) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As the servers do: a port whose last connections are still fading counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True
