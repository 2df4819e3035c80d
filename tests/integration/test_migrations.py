"""Migrations: numbered files, each applied once, by whichever process comes first, or not."""

import sqlite3
from pathlib import Path

import psycopg2
import pytest

from eventing.database import Database, StorageUnavailable
from tests.databases import Databases, Files, of_every_kind
from tests.integration.processes import SPAWN, open_each, spawn

new_databases = of_every_kind

PROCESSES = 8


def folder(parent: Path, **files: str) -> Path:
    """A folder `migrations` in `parent` with these files."""
    migrations = parent / "migrations"
    migrations.mkdir(parents=True, exist_ok=True)
    for name, sql in files.items():
        (migrations / f"{name}.sql").write_text(sql)
    return migrations


def start(url: str, *folders: Path) -> Database:
    """What a start of the function does: the migrations run in the first transaction."""
    database = Database(url, folders)
    with database.snapshot():
        return database


def texts(database: Database, sql: str) -> list[str]:
    with database.snapshot() as tx:
        return [next(iter(dict(row).values())) for row in tx.rows(sql)]


def test_files_are_applied_in_the_order_of_their_numbers(
    databases: Databases, tmp_path: Path
) -> None:
    files = folder(
        tmp_path,
        **{
            "0010_third": "INSERT INTO log VALUES ('third');\n",
            "0002_second": "INSERT INTO log VALUES ('second');\n",
            "0001_first": "CREATE TABLE log (text TEXT);\nINSERT INTO log VALUES ('first; still');",
        },
    )

    database = start(databases.url("x"), files)

    assert texts(database, "SELECT text FROM log") == ["first; still", "second", "third"]


def test_a_later_start_applies_only_what_is_new(databases: Databases, tmp_path: Path) -> None:
    first = "CREATE TABLE log (text TEXT);\nINSERT INTO log VALUES ('first');\n"
    files = folder(tmp_path, **{"0001_log": first})
    start(databases.url("x"), files).close()
    start(databases.url("x"), files).close()
    folder(tmp_path, **{"0002_more": "ALTER TABLE log ADD COLUMN more TEXT DEFAULT 'more';\n"})

    database = start(databases.url("x"), files)

    assert texts(database, "SELECT text || ' ' || more FROM log") == ["first more"]


def test_folders_may_number_their_files_alike(databases: Databases, tmp_path: Path) -> None:
    posts = folder(tmp_path / "posts", **{"0001_tables": "CREATE TABLE posts (id TEXT);\n"})
    outbox = folder(tmp_path / "outbox", **{"0001_tables": "CREATE TABLE outbox (id TEXT);\n"})

    database = start(databases.url("x"), outbox, posts)

    assert texts(database, "SELECT id FROM posts") == texts(database, "SELECT id FROM outbox")


def test_a_migration_that_fails_leaves_nothing_half_done(
    databases: Databases, tmp_path: Path
) -> None:
    files = folder(
        tmp_path,
        **{
            "0001_good": "CREATE TABLE good (text TEXT);\n",
            "0002_bad": "CREATE TABLE half (text TEXT);\nINSERT INTO no_such_table VALUES (1);\n",
        },
    )
    with pytest.raises((sqlite3.Error, psycopg2.Error), match="no_such_table"):
        start(databases.url("x"), files)

    left = databases.dump("x")
    assert "good" not in left
    assert "half" not in left

    folder(tmp_path, **{"0002_bad": "CREATE TABLE whole (text TEXT);\n"})
    database = start(databases.url("x"), files)
    assert texts(database, "SELECT text FROM whole") == []


def test_a_database_that_could_not_be_migrated_is_migrated_by_the_next_use(tmp_path: Path) -> None:
    files = folder(tmp_path, **{"0001_log": "CREATE TABLE log (text TEXT);\n"})
    blocked = tmp_path / "data"
    blocked.write_text("a file where the folder should be")
    database = Database(Files(blocked).url("x"), [files])
    with pytest.raises(StorageUnavailable), database.snapshot():
        pass

    blocked.unlink()

    assert texts(database, "SELECT text FROM log") == []


def test_processes_that_start_together_migrate_each_database_once(
    databases: Databases, tmp_path: Path
) -> None:
    """New ones, where on SQLite all switch to WAL at once, and those of an earlier revision."""
    sql = "CREATE TABLE visits (text TEXT);\nINSERT INTO visits VALUES ('made');\n"
    migrations = folder(tmp_path, **{"0001_visits": sql})
    new = [databases.url(f"new-{number}") for number in range(8)]
    old = [databases.url(f"old-{number}") for number in range(8)]
    for url in old:
        start(url).close()
    barrier, (reports, report) = SPAWN.Barrier(PROCESSES), SPAWN.Pipe(duplex=False)
    arguments = ([*new, *old], migrations, barrier, report)

    processes = [spawn(open_each, *arguments) for _ in range(PROCESSES)]
    failures = [reports.recv() for _ in processes]
    for process in processes:
        process.join()

    assert failures == [[]] * PROCESSES
    for url in (*new, *old):
        visits = texts(start(url), "SELECT text FROM visits ORDER BY text DESC")
        assert visits == ["made", *["here"] * PROCESSES]
