"""A real PgBouncer before the tests' PostgreSQL: changes with how it is found, started and ended.

It gives a session of the server to one transaction at a time, as whoever recommends it means it.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from tests.postgres import OWNER, CannotStart, Postgres, last_line
from tests.waiting import until

PORT = 6432  # only a part of the socket's name
_MISSING = "pgbouncer is missing: install it (Debian's package has that name)"
_LEASH = '"$@" & read -r line; kill -TERM $!; wait'
# Two sessions for each function: fewer than it has connections, so that they are shared.
_SETTINGS = """
[databases]
* = host={folder} port=5432 auth_user={owner}
[pgbouncer]
pool_mode = transaction
default_pool_size = 2
max_client_conn = 1000
listen_addr =
unix_socket_dir = {folder}
listen_port = {port}
auth_type = trust
auth_file = {folder}/pgbouncer.users
"""


class PgBouncer:
    """A pooler for all databases of `server`."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._leash: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return once it answers."""
        program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
        if program is None:
            raise CannotStart(_MISSING)
        folder = self._server.folder
        (folder / "pgbouncer.users").write_text(f'"{OWNER}" ""\n')
        settings = folder / "pgbouncer.ini"
        settings.write_text(_SETTINGS.format(folder=folder, owner=OWNER, port=PORT))
        with self._log.open("ab") as log:
            self._leash = subprocess.Popen(
                ["/bin/sh", "-c", _LEASH, "sh", program, str(settings)],
                stdin=subprocess.PIPE,
                stderr=log,
                cwd="/",
                user="nobody" if os.geteuid() == 0 else None,
                start_new_session=True,  # Ctrl-C is for the tests alone
            )
        until(self._answers)

    def stop(self) -> None:
        """End it."""
        if self._leash and self._leash.stdin:
            self._leash.stdin.close()
            self._leash.wait()

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database, through the pooler."""
        with self._server.database() as url:
            yield self.through(url)

    def through(self, url: str) -> str:
        """The same database by way of the pooler."""
        return f"{url.rpartition('=')[0]}={PORT}"

    def _answers(self) -> bool:
        if self._leash and self._leash.poll() is not None:
            raise CannotStart(f"pgbouncer: {last_line(self._log.read_text())}")
        try:
            with self._server.database() as url:
                psycopg2.connect(self.through(url)).close()
        except psycopg2.OperationalError:
            return False
        return True

    @property
    def _log(self) -> Path:
        return self._server.folder / "pgbouncer.log"
