"""Statements inside one transaction, and what one kind of database does in its own way."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from eventing.pool import Connects

Row = Any
"""One row; a column is read by name, `row["id"]`."""


class Engine(Connects, Protocol):
    """What differs between one kind of database and another."""

    def begin(self, connection: Any, *, writing: bool) -> None:
        """Open a transaction; for writing it holds off other writers of the same rows."""

    def lock_schema(self, connection: Any) -> None:
        """Hold off every other process that would migrate, until the transaction ends."""

    def is_unavailable(self, error: Exception) -> bool:
        """Whether trying again later can help."""

    def is_damage(self, error: Exception) -> bool:
        """Whether the database is not what was written to it."""

    def erase_traces(self) -> None:
        """See to it that what was removed is not in the files either."""

    def translate(self, sql: str) -> str:
        """SQL as this database spells it."""

    def version(self, connection: Any) -> object | None:
        """What `Transaction.version` says, inside a transaction of that connection."""

    def origin(self, connection: Any) -> str:
        """What `Transaction.origin` says, inside a transaction of that connection."""

    def indexes(self, connection: Any) -> Mapping[str, str]:
        """The table of each index that can have another name."""

    def rename_index(self, connection: Any, name: str, new: str) -> None:
        """Give an index another name; one that has it already makes room."""

    def claim(self) -> AbstractContextManager[bool]:
        """Be one of the processes with a relay here; whether it is sure to be the only one."""


class Transaction:
    """Statements inside one transaction; values stand as `?`, or all of them as `:name`."""

    def __init__(
        self, connection: Any, engine: Engine, rename: Callable[[str], str] = lambda sql: sql
    ) -> None:
        self._connection = connection
        self._engine = engine
        self._rename = rename

    def renaming(self, rename: Callable[[str], str]) -> "Transaction":
        """This transaction for SQL in which `rename` gives tables other names."""
        return Transaction(self._connection, self._engine, lambda sql: self._rename(rename(sql)))

    def version(self) -> object | None:
        """Equal to an earlier one only if not a row has changed since; None: it cannot be told."""
        return self._engine.version(self._connection)

    def origin(self) -> str:
        """Where these tables are kept, as far as that tells them from a copy of them."""
        return self._engine.origin(self._connection)

    def erase_traces(self) -> None:
        """Texts were removed, and are not to be found in the database's files in a minute."""
        self._engine.erase_traces()

    def execute(self, sql: str, *values: object, **named: object) -> int:
        """Run a statement; the number of rows it changed."""
        count: int = self._run(sql, named or values).rowcount
        return count

    def row(self, sql: str, *values: object, **named: object) -> Row | None:
        """The first row, or None."""
        return self._run(sql, named or values).fetchone()

    def rows(self, sql: str, *values: object, **named: object) -> list[Row]:
        """All rows."""
        found: list[Row] = self._run(sql, named or values).fetchall()
        return found

    def _run(self, sql: str, values: tuple[object, ...] | dict[str, object]) -> Any:
        cursor = self._connection.cursor()
        cursor.execute(self._engine.translate(self._rename(sql)), values)
        return cursor
