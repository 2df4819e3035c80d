"""Migrations: numbered files, each applied once, by whichever process comes first, or not."""

import sqlite3
from pathlib import Path

import pytest

from eventing.database import Database, StorageUnavailable
from tests.integration.processes import SPAWN, open_each, spawn

PROCESSES = 8


def folder(parent: Path, **files: str) -> Path:
    """A folder `migrations` in `parent` with these files."""
    migrations = parent / "migrations"
    migrations.mkdir(parents=True, exist_ok=True)
    for name, sql in files.items():
        (migrations / f"{name}.sql").write_text(sql)
    return migrations


def start(file: Path, *folders: Path) -> Database:
    """What a start of the function does: the migrations run in the first transaction."""
    database = Database(f"sqlite:///{file}", folders)
    with database.snapshot():
        return database


def texts(database: Database, sql: str) -> list[str]:
    with database.snapshot() as tx:
        return [row[0] for row in tx.rows(sql)]


def test_files_are_applied_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    files = folder(
        tmp_path,
        **{
            "0010_third": "INSERT INTO log VALUES ('third');\n",
            "0002_second": "INSERT INTO log VALUES ('second');\n",
            "0001_first": "CREATE TABLE log (text TEXT);\nINSERT INTO log VALUES ('first; still');",
        },
    )

    database = start(tmp_path / "x.db", files)

    assert texts(database, "SELECT text FROM log") == ["first; still", "second", "third"]


def test_a_later_start_applies_only_what_is_new(tmp_path: Path) -> None:
    first = "CREATE TABLE log (text TEXT);\nINSERT INTO log VALUES ('first');\n"
    files = folder(tmp_path, **{"0001_log": first})
    start(tmp_path / "x.db", files).close()
    start(tmp_path / "x.db", files).close()
    folder(tmp_path, **{"0002_more": "ALTER TABLE log ADD COLUMN more TEXT DEFAULT 'more';\n"})

    database = start(tmp_path / "x.db", files)

    assert texts(database, "SELECT text || ' ' || more FROM log") == ["first more"]


def test_folders_may_number_their_files_alike(tmp_path: Path) -> None:
    posts = folder(tmp_path / "posts", **{"0001_tables": "CREATE TABLE posts (id TEXT);\n"})
    outbox = folder(tmp_path / "outbox", **{"0001_tables": "CREATE TABLE outbox (id TEXT);\n"})

    database = start(tmp_path / "x.db", outbox, posts)

    assert texts(database, "SELECT id FROM posts") == texts(database, "SELECT id FROM outbox")


def test_a_migration_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    files = folder(
        tmp_path,
        **{
            "0001_good": "CREATE TABLE good (text TEXT);\n",
            "0002_bad": "CREATE TABLE half (text TEXT);\nINSERT INTO no_such_table VALUES (1);\n",
        },
    )
    with pytest.raises(sqlite3.OperationalError, match="no_such_table"):
        start(tmp_path / "x.db", files)

    plain = start(tmp_path / "x.db")
    assert texts(plain, "SELECT name FROM sqlite_master WHERE name IN ('good', 'half')") == []

    folder(tmp_path, **{"0002_bad": "CREATE TABLE whole (text TEXT);\n"})
    database = start(tmp_path / "x.db", files)
    assert texts(database, "SELECT text FROM whole") == []


def test_a_database_that_could_not_be_migrated_is_migrated_by_the_next_use(tmp_path: Path) -> None:
    files = folder(tmp_path, **{"0001_log": "CREATE TABLE log (text TEXT);\n"})
    blocked = tmp_path / "data"
    blocked.write_text("a file where the folder should be")
    database = Database(f"sqlite:///{blocked / 'x.db'}", [files])
    with pytest.raises(StorageUnavailable), database.snapshot():
        pass

    blocked.unlink()

    assert texts(database, "SELECT text FROM log") == []


def test_processes_that_start_together_migrate_each_database_once(tmp_path: Path) -> None:
    """New files, where all switch to WAL at once, and files of an earlier revision."""
    sql = "CREATE TABLE visits (text TEXT);\nINSERT INTO visits VALUES ('made');\n"
    migrations = folder(tmp_path, **{"0001_visits": sql})
    new = [tmp_path / f"new-{number}.db" for number in range(8)]
    old = [tmp_path / f"old-{number}.db" for number in range(8)]
    for file in old:
        start(file).close()
    barrier, (reports, report) = SPAWN.Barrier(PROCESSES), SPAWN.Pipe(duplex=False)
    arguments = ([*new, *old], migrations, barrier, report)

    processes = [spawn(open_each, *arguments) for _ in range(PROCESSES)]
    failures = [reports.recv() for _ in processes]
    for process in processes:
        process.join()

    assert failures == [[]] * PROCESSES
    for file in (*new, *old):
        visits = texts(start(file), "SELECT text FROM visits ORDER BY text DESC")
        assert visits == ["made", *["here"] * PROCESSES]
