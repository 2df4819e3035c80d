"""The local overlay's Job on a real PostgreSQL: a role and a database each, again and again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from itertools import permutations
from pathlib import Path

import psycopg2
import pytest

from tests.kustomize import KNATIVE
from tests.postgres import OWNER, Postgres

SCRIPT = KNATIVE / "overlays" / "local" / "databases.sh"
ROLES = ("posts", "comments", "dead_letters", "it's")


@pytest.fixture(scope="module")
def server(postgres: Postgres) -> Iterator[Postgres]:
    """One of its own: the script also closes the databases that every server has."""
    assert postgres  # where no server can be started, that one says so
    own = Postgres()
    try:
        own.make()
        own.start()
        yield own
    finally:
        own.remove()


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """The URLs of the functions as the Job's volume has them: a file each."""
    folder = tmp_path / "functions"
    folder.mkdir()
    for role in ROLES:
        add(folder, role)
    return folder


def add(folder: Path, role: str, password: str = "development") -> None:  # noqa: S107
    (folder / role).write_text(f"postgresql://{role}:{password}@postgres/{role}")


def run(server: Postgres, secrets: Path) -> list[str]:
    """The Job's command, as the server's own user; the lines that it prints."""
    at = {"PGHOST": str(server.folder), "PGUSER": OWNER, "PGDATABASE": "postgres"}
    path = f"{server.programs}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", SCRIPT, secrets],
        env={"PATH": path, **at},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def ask(server: Postgres, sql: str, role: str = OWNER, database: str = "postgres") -> list[str]:
    at = psycopg2.connect(host=str(server.folder), user=role, dbname=database)
    with closing(at) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        found = [str(value) for (value,) in cursor.fetchall()]
        connection.commit()
        return found


def test_a_role_may_make_tables_in_its_database_and_text_is_ordered_by_its_bytes(
    server: Postgres, secrets: Path
) -> None:
    assert sorted(run(server, secrets)) == sorted(ROLES)
    for role in ROLES:
        ask(server, "CREATE TABLE t AS VALUES ('b'), ('B'), ('ä'), ('z'); SELECT 1", role, role)
        assert ask(server, "SELECT column1 FROM t ORDER BY 1", role, role) == list("Bbzä")


def test_a_role_reaches_no_other_database(server: Postgres, secrets: Path) -> None:
    run(server, secrets)
    others = [("posts", "postgres"), ("posts", "template1"), *permutations(ROLES, 2)]
    for role, database in others:
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            ask(server, "SELECT 1", role, database)


def test_run_again_it_keeps_what_is_there_adds_what_is_new_and_takes_the_new_password(
    server: Postgres, secrets: Path
) -> None:
    run(server, secrets)
    ask(server, "CREATE TABLE kept (id TEXT); SELECT 1", "posts", "posts")
    kept = "SELECT rolpassword FROM pg_authid WHERE rolname = 'posts'"
    before = ask(server, kept)
    add(secrets, "later")
    add(secrets, "posts", password="o'ther")  # noqa: S106

    assert "later" in run(server, secrets)

    assert ask(server, "SELECT count(*) FROM kept", "posts", "posts") == ["0"]
    assert ask(server, "SELECT 1", "later", "later") == ["1"]
    assert ask(server, kept) != before
