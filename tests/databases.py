"""Databases of every kind that a function can have: changes when there is another kind."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import psycopg2
import pytest

from tests.pgbouncer import PgBouncer
from tests.postgres import Postgres


class Databases(Protocol):
    """The databases of one test, empty at first; one name is one database."""

    def url(self, name: str) -> str:
        """What to set DATABASE_URL to."""

    def dump(self, name: str) -> str:
        """Everything in every table, as text; bytes in hexadecimal."""


NewDatabases = Callable[[], AbstractContextManager[Databases]]


@dataclass(frozen=True, slots=True)
class Files:
    """SQLite: a file in `folder` for each name."""

    folder: Path

    def url(self, name: str) -> str:
        return f"sqlite:///{self.folder / name}.db"

    def dump(self, name: str) -> str:
        with closing(sqlite3.connect(self.folder / f"{name}.db")) as connection:
            return "\n".join(connection.iterdump())


class Served:
    """PostgreSQL: a database in `server` for each name, until the end of `lifetime`."""

    def __init__(self, server: Postgres | PgBouncer, lifetime: ExitStack) -> None:
        self._server = server
        self._lifetime = lifetime
        self._urls: dict[str, str] = {}

    def url(self, name: str) -> str:
        if name not in self._urls:
            self._urls[name] = self._lifetime.enter_context(self._server.database())
        return self._urls[name]

    def dump(self, name: str) -> str:
        with closing(psycopg2.connect(self.url(name))) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_user")
            rows = []
            for (table,) in cursor.fetchall():
                rows.append(table)
                cursor.execute(f"SELECT t::text FROM {table} AS t")  # noqa: S608 - our own tables
                rows += [f"{table} {row}" for (row,) in cursor.fetchall()]
            return "\n".join(rows)


@contextmanager
def files() -> Iterator[Databases]:
    """Databases in SQLite."""
    with TemporaryDirectory() as folder:
        yield Files(Path(folder))


def served_by(server: Postgres | PgBouncer) -> NewDatabases:
    """Databases in PostgreSQL."""

    @contextmanager
    def served() -> Iterator[Databases]:
        with ExitStack() as lifetime:
            yield Served(server, lifetime)

    return served


def of_kind(request: pytest.FixtureRequest) -> NewDatabases:
    """Makes databases of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        return files
    return served_by(request.getfixturevalue(request.param))


@pytest.fixture(scope="module", params=["sqlite", "postgres", "pgbouncer"])
def of_every_kind(request: pytest.FixtureRequest) -> NewDatabases:
    """For `new_databases = of_every_kind` in tests of what a pooler could break."""
    return of_kind(request)
