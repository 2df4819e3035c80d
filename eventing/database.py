"""A function's own database: a small pool, transactions, and migrations applied once."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from eventing import together
from eventing.patience import step_aside
from eventing.pool import POOL_SIZE, Pool, StorageDamaged, StorageUnavailable
from eventing.settings import Misconfigured
from eventing.sqlite import SQLite
from eventing.transaction import Engine, Row, Transaction

__all__ = [
    "POOL_SIZE",
    "Database",
    "InvalidDatabaseURL",
    "Row",
    "StorageDamaged",
    "StorageUnavailable",
    "Transaction",
    "run_file",
]

_OF_REBUILD = re.compile(r"rebuild[0-9]+_")  # as eventing.rebuild names what it makes


class InvalidDatabaseURL(Misconfigured):
    """DATABASE_URL names no database that is known."""


class Database:
    """The database at `url`, with the schemas in the folders `migrations` (`NNNN_name.sql`).

    Nothing is opened before the first transaction, so a process may fork after making it. One that
    is `replaceable` is a copy that can be made again from elsewhere: when it is damaged, it is put
    aside. Of any other one nothing is replaced by itself; it can still be read where it is whole.
    """

    def __init__(
        self,
        url: str,
        migrations: Sequence[Path],
        *,
        pool_size: int = POOL_SIZE,
        replaceable: bool = False,
    ) -> None:
        self.engine = _engine(url)
        self.pool = Pool(self.engine, pool_size)
        self.replaceable = replaceable
        self.damage: str | None = None
        self.when_damaged: Callable[[], None] = lambda: None
        self._migrations = migrations
        self._migrate_once = threading.Lock()
        self._migrated = False

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Read and write; committed at the end, rolled back by an exception."""
        return self._begin(writing=True)

    def snapshot(self) -> AbstractContextManager[Transaction]:
        """Read only, all of it as of one moment."""
        return self._begin(writing=False)

    @contextmanager
    def claim(self) -> Iterator[bool]:
        """Count as one that may hold leases here, for as long as this process lives.

        Whether no other living process can hold any; one that starts waits for the block's end.
        """
        with self.translated_errors(), self.engine.claim() as alone:
            yield alone

    def close(self) -> None:
        """Close the connections that are not in use."""
        self.pool.close()

    @contextmanager
    def _begin(self, *, writing: bool) -> Iterator[Transaction]:
        with self.translated_errors():
            if self.damage is not None and (writing or self.replaceable):
                raise StorageDamaged(self.damage)
            self._migrate()
            group = together.current()
            if group is not None and (writing or group.holds(self)):
                share = group.part(self, self._open_for_writing, self.engine.unavailable)
            else:
                share = self._open(writing=writing)
            with share as connection:
                yield Transaction(connection, self.engine)

    def _open_for_writing(self) -> AbstractContextManager[Any]:
        return self._open(writing=True)

    @contextmanager
    def _open(self, *, writing: bool) -> Iterator[Any]:
        with self.pool.connection() as connection, _committed(self.engine, connection, writing):
            yield connection

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """What time or a person can mend is StorageUnavailable; damage is noted too."""
        try:
            yield
        except self.engine.unavailable as error:
            if self.engine.is_damage(error):
                if self.damage is None:
                    self.damage = str(error)
                    self.when_damaged()
                raise StorageDamaged(str(error)) from error
            if not self.engine.is_unavailable(error):
                raise
            raise StorageUnavailable(str(error)) from error

    def begin_again(self) -> None:
        """Whatever was known of the file is forgotten: another one has taken its place."""
        self.damage = None
        self._migrated = False

    def _migrate(self) -> None:
        if self._migrated:
            return
        step_aside()
        with self._migrate_once:
            if not self._migrated:
                with self.pool.connection() as connection:
                    _apply(self.engine, connection, self._migrations)
                self._migrated = True


@contextmanager
def _committed(engine: Engine, connection: Any, writing: bool) -> Iterator[None]:
    try:
        engine.begin(connection, writing=writing)
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _apply(engine: Engine, connection: Any, folders: Sequence[Path]) -> None:
    with _committed(engine, connection, True):
        engine.lock_schema(connection)
        tx = Transaction(connection, engine)
        tx.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY)")
        done = {row["name"] for row in tx.rows("SELECT name FROM migrations")}
        files = {
            f"{folder.parent.name}/{folder.name}/{file.stem}": file
            for folder in folders
            for file in sorted(folder.glob("*.sql"))
        }
        if done and files.keys() - done:
            _restore_index_names(engine, connection)
        for name in [each for each in files if each not in done]:
            run_file(tx, files[name])
            tx.execute("INSERT INTO migrations (name) VALUES (?)", name)


def _restore_index_names(engine: Engine, connection: Any) -> None:
    """Call indexes as migrations do: tables that took another's place kept their indexes' names."""
    for name, table in engine.indexes(connection).items():
        own = _OF_REBUILD.sub("", name)
        if own != name and not _OF_REBUILD.match(table):
            engine.rename_index(connection, name, own)


def run_file(tx: Transaction, file: Path) -> None:
    """Run each statement of a migration."""
    for statement in file.read_text().split(";\n"):
        if statement.strip():
            tx.execute(statement)


def _engine(url: str) -> Engine:
    if url.startswith("sqlite:///"):
        return SQLite(Path(url.removeprefix("sqlite:///")))
    if url.startswith(("postgresql://", "postgres://")):
        # Imported only where it is used: a start on SQLite need not wait for the driver.
        from eventing.postgres import Postgres  # noqa: PLC0415

        return Postgres(url)
    # A URL may hold a password: only its kind is shown.
    scheme = url.partition(":")[0]
    raise InvalidDatabaseURL(
        f"DATABASE_URL begins with {scheme!r}; use sqlite:///FILE or postgresql://USER@HOST/NAME"
    )
