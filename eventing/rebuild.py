"""Tables filled beside the serving ones until they take their place: changes with how they do.

One rebuild at a time is under way in a database; several processes may work on it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from eventing.clock import now
from eventing.database import Transaction, run_file

MIGRATIONS = Path(__file__).parent / "migrations" / "rebuild"
AT_ONCE = 1_000  # rows removed in one transaction; whoever writes meanwhile waits that long

Tables = tuple[str, ...]
"""Tables with a key `id`, in the order in which every transaction first touches them."""


class RebuildEnded(Exception):
    """Another replay has ended this one meanwhile: start it again."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Rebuild:
    """The rebuild of `tables` with this number: `posts` is rebuilt as `rebuild7_posts`."""

    tables: Tables
    number: int
    begun_at: str | None = None

    def name(self, table: str) -> str:
        """The table that is filled to take the place of `table`."""
        return f"rebuild{self.number}_{table}"

    def beside(self, tx: Transaction) -> Transaction:
        """This transaction, but what its SQL says of the tables is done to those beside them."""
        return tx.renaming(_renaming(self.tables, self.number))

    def link(self, tx: Transaction, feed: str, first: str) -> str:
        """The link to the next page of a feed; `first` is that of its first page."""
        self._check_under_way(tx)
        insert = "INSERT INTO rebuild_feeds (number, feed, link) VALUES (?, ?, ?)"
        tx.execute(f"{insert} ON CONFLICT DO NOTHING", self.number, feed, first)
        row = tx.row(
            "SELECT link FROM rebuild_feeds WHERE number = ? AND feed = ?", self.number, feed
        )
        return str(row["link"]) if row else first

    def pass_on(self, tx: Transaction, feed: str, links: tuple[str, str]) -> bool:
        """Go from one page of a feed to the next; False when another replay has done so."""
        update = "UPDATE rebuild_feeds SET link = ? WHERE link = ? AND number = ? AND feed = ?"
        return tx.execute(update, *reversed(links), self.number, feed) == 1

    def links(self, tx: Transaction) -> dict[str, str]:
        """How far each feed has been read."""
        rows = tx.rows("SELECT feed, link FROM rebuild_feeds WHERE number = ?", self.number)
        return {row["feed"]: row["link"] for row in rows}

    def close(self, tx: Transaction) -> None:
        """Let nobody fill it any more; RebuildEnded when another has done so.

        Waits for other replays, which hold their feed's row; they find it gone.
        """
        tx.execute("DELETE FROM rebuild_feeds WHERE number = ?", self.number)
        self._check_under_way(tx)

    def end(self, tx: Transaction, *, take_place: bool) -> None:
        """Let the rebuilt tables take the place of the serving ones, or not."""
        self.close(tx)
        update = "UPDATE rebuild SET under_way = NULL WHERE under_way = 1 AND number = ?"
        if not tx.execute(update, self.number):
            raise RebuildEnded
        for table in self.tables if take_place else ():
            tx.execute(f"ALTER TABLE {table} RENAME TO replaced_{table}")
            tx.execute(f"ALTER TABLE {self.name(table)} RENAME TO {table}")
            tx.execute(f"ALTER TABLE replaced_{table} RENAME TO {self.name(table)}")

    def _check_under_way(self, tx: Transaction) -> None:
        if under_way(tx, self.tables) != self:
            raise RebuildEnded


def under_way(tx: Transaction, tables: Tables) -> Rebuild | None:
    """The rebuild that is filled now."""
    row = tx.row("SELECT number, begun_at FROM rebuild WHERE under_way = 1")
    return Rebuild(tables, row["number"], row["begun_at"]) if row else None


def begin(tx: Transaction, tables: Tables, migrations: Path) -> Rebuild:
    """The rebuild that is under way, else a new one with tables as `migrations` make them."""
    insert = "INSERT INTO rebuild (under_way, begun_at) VALUES (1, ?) ON CONFLICT DO NOTHING"
    begun = tx.execute(insert, now())
    rebuild = under_way(tx, tables)
    if rebuild is None:
        raise RebuildEnded
    for file in sorted(migrations.glob("*.sql")) if begun else ():
        run_file(rebuild.beside(tx), file)
    return rebuild


def remove(tx: Transaction, tables: Tables) -> bool:
    """Do a part of removing the tables of rebuilds that have ended; False when all is done."""
    row = tx.row(
        "UPDATE rebuild SET under_way = NULL WHERE number ="
        " (SELECT min(number) FROM rebuild WHERE under_way IS NULL) RETURNING number"
    )
    if row is None:
        return False
    ended = Rebuild(tables, row["number"])
    if any(_delete_some(tx, ended.name(table)) for table in tables):
        return True
    for table in tables:
        tx.execute(f"DROP TABLE {ended.name(table)}")
    tx.execute("DELETE FROM rebuild WHERE number = ?", ended.number)
    return True


def _delete_some(tx: Transaction, table: str) -> bool:
    delete = f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} LIMIT ?)"  # noqa: S608
    return tx.execute(delete, AT_ONCE) > 0


@lru_cache
def _renaming(tables: Tables, number: int) -> Callable[[str], str]:
    names = "|".join(tables)  # an index is named after its table, as in posts_listed
    name = re.compile(rf"\b(?=(?:{names})(?:_|\b))")
    return lru_cache(lambda sql: name.sub(f"rebuild{number}_", sql))
