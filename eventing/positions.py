"""How far a copy has been compared with each history: kept beside its tables, moved with them."""

from collections.abc import Collection, Sequence

from eventing.database import Row, Transaction
from eventing.reading import FIRST_PAGE


def link(tx: Transaction, feed: str) -> str:
    """Where the comparison with a feed goes on."""
    row = tx.row("SELECT link FROM compared WHERE feed = ?", feed)
    return str(row["link"]) if row else FIRST_PAGE


def move(tx: Transaction, feed: str, links: tuple[str, str], now: str) -> bool:
    """Go from one link to the next; False when another copy of the function has done so.

    Held until the transaction ends: of two that compare, one waits here.
    """
    insert = "INSERT INTO compared (feed, link) VALUES (?, ?) ON CONFLICT DO NOTHING"
    tx.execute(insert, feed, FIRST_PAGE)
    update = "UPDATE compared SET link = ?, compared_at = ? WHERE link = ? AND feed = ?"
    return tx.execute(update, links[1], now, links[0], feed) == 1


def settle(tx: Transaction, feed: str, link: str, now: str) -> None:
    """The copy is as the history says up to this link: it has been made from it."""
    tx.execute(
        "INSERT INTO compared (feed, link, compared_at) VALUES (?, ?, ?) ON CONFLICT (feed)"
        " DO UPDATE SET link = excluded.link, compared_at = excluded.compared_at, doubted = 0",
        feed,
        link,
        now,
    )


def doubt(tx: Transaction, feed: str) -> None:
    """The history is another one: the copy has to be compared from the start."""
    tx.execute(
        "INSERT INTO compared (feed, link, doubted) VALUES (?, ?, 1)"
        " ON CONFLICT (feed) DO UPDATE SET doubted = 1",
        feed,
        FIRST_PAGE,
    )


def count_repaired(tx: Transaction, feed: str, events: int, now: str) -> None:
    """Note how many events the copy lacked."""
    if events:
        tx.execute(
            "INSERT INTO compared (feed, link, repaired, repaired_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (feed) DO UPDATE SET repaired = compared.repaired + excluded.repaired,"
            " repaired_at = excluded.repaired_at",
            feed,
            FIRST_PAGE,
            events,
            now,
        )


def facts(tx: Transaction) -> dict[str, Row]:
    """What is kept about each feed, by its name."""
    return {row["feed"]: row for row in tx.rows("SELECT * FROM compared")}


def deliver(tx: Transaction, feed: str, event: str, now: str) -> None:
    """Note that a delivered event has changed the copy."""
    insert = "INSERT INTO delivered (feed, id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    tx.execute(insert, feed, event, now)


def meet(tx: Transaction, feed: str, events: Collection[str]) -> None:
    """These events are in the history."""
    if events:
        values = ", ".join("?" * len(events))
        delete = f"DELETE FROM delivered WHERE feed = ? AND id IN ({values})"  # noqa: S608
        tx.execute(delete, feed, *events)


def unmet(tx: Transaction, feed: str, span: tuple[str, str]) -> bool:
    """Whether something was delivered, not within this span of time, that no history has shown."""
    select = "SELECT 1 FROM delivered WHERE feed = ? AND (at < ? OR at > ?) LIMIT 1"
    return tx.row(select, feed, *span) is not None


def forget(tx: Transaction, feed: str, before: str) -> None:
    """The copy has been made again: what was delivered or skipped before that is done with."""
    tx.execute("DELETE FROM delivered WHERE feed = ? AND at < ?", feed, before)
    tx.execute("DELETE FROM skipped WHERE feed = ? AND at < ?", feed, before)


def skip(tx: Transaction, feed: str, event: str, why: str, now: str) -> None:
    """An event could not be applied."""
    tx.execute(
        "INSERT INTO skipped (feed, id, why, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (feed, id) DO UPDATE SET at = excluded.at",
        feed,
        event,
        why,
        now,
    )


def skipped(tx: Transaction) -> Sequence[Row]:
    """The events that could not be applied: rows of `feed`, `id`, `why`."""
    return tx.rows("SELECT feed, id, why FROM skipped ORDER BY feed, id LIMIT 100")
