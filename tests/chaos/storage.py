"""A PostgreSQL that is killed and started again on its data: changes with how one is had."""

import os
import pwd

import psycopg2

from broker.runner.programs import Program
from tests.postgres import Postgres

_OPTIONS = ("fsync=on", "listen_addresses=")


class Server(Postgres):
    """Durable, as a real one is; `program` starts it, and whoever keeps programs up ends it."""

    def program(self) -> Program:
        """The server itself."""
        options = [word for option in _OPTIONS for word in ("-c", option)]
        where = ("-D", str(self._data), "-k", str(self.folder), "-p", "5432")
        return Program(
            name="postgres",
            command=(*_as(self._user), str(self.programs / "postgres"), *where, *options),
            environment=dict(os.environ),
            port=0,
            option="",
            remedy="",
        )

    def url(self, name: str) -> str:
        """The address of the database of this name."""
        return self._url(name)

    def create(self, name: str) -> None:
        """Make that database, empty."""
        self.run(f"CREATE ROLE {name} LOGIN", f"CREATE SCHEMA AUTHORIZATION {name}")

    def is_up(self) -> bool:
        """Whether it takes connections."""
        try:
            self.run("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True


def _as(user: str | None) -> tuple[str, ...]:
    """PostgreSQL refuses to run as root."""
    if user is None:
        return ()
    known = pwd.getpwnam(user)
    return ("setpriv", f"--reuid={known.pw_uid}", f"--regid={known.pw_gid}", "--clear-groups")
