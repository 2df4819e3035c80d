"""A small database of a function's own, for tests of databases: changes with those tests."""

from pathlib import Path

from eventing.database import Database

SCHEMA = """
CREATE TABLE notes (text TEXT NOT NULL UNIQUE);
CREATE TABLE counters (value INTEGER NOT NULL);
CREATE TABLE children (note TEXT REFERENCES notes (text));
INSERT INTO counters VALUES (0);
"""


def schema(parent: Path) -> Path:
    """The folder with the migrations of this database."""
    folder = parent / "migrations"
    folder.mkdir()
    (folder / "0001_notes.sql").write_text(SCHEMA)
    return folder


def add(database: Database, text: str) -> None:
    """Commit a note."""
    with database.transaction() as tx:
        tx.execute("INSERT INTO notes VALUES (?)", text)


def notes(database: Database) -> list[str]:
    """All notes that are committed, in order."""
    with database.snapshot() as tx:
        return [row["text"] for row in tx.rows("SELECT text FROM notes ORDER BY text")]
