"""Posts in their own database, each change with its event in one transaction."""

from pathlib import Path

import msgspec

from eventing import idempotency, outbox
from eventing.cloudevent import CloudEvent
from eventing.database import Transaction
from functions.events import PostState

MIGRATIONS = Path(__file__).parent / "migrations"


def add(tx: Transaction, post: PostState) -> None:
    """Keep a new post."""
    tx.execute(
        "INSERT INTO posts (id, title, body, created_at, updated_at, version)"
        " VALUES (:id, :title, :body, :createdAt, :updatedAt, :version)",
        **msgspec.to_builtins(post),
    )


def find_for_update(tx: Transaction, post_id: str) -> PostState | None:
    """The post, held until the transaction ends; None when unknown or deleted."""
    row = tx.row(
        "UPDATE posts SET version = version WHERE id = ? AND deleted = 0 RETURNING id, title, body,"
        ' created_at AS "createdAt", updated_at AS "updatedAt", version',
        post_id,
    )
    return PostState(**row) if row else None


def save(tx: Transaction, post: PostState) -> None:
    """Keep a new version of a post."""
    tx.execute(
        "UPDATE posts SET title = :title, body = :body, updated_at = :updatedAt,"
        " version = :version WHERE id = :id",
        **msgspec.to_builtins(post),
    )


def blank(tx: Transaction, post_id: str, version: int) -> None:
    """Leave of a deleted post its id and versions only: here, in the history, in the answers."""
    tx.execute(
        "UPDATE posts SET title = '', body = '', deleted = 1, version = ? WHERE id = ?",
        version,
        post_id,
    )
    outbox.rewrite(tx, post_id, lambda data: {**data, "title": "", "body": ""})
    idempotency.forget(tx, post_id)


def emit(tx: Transaction, event: CloudEvent) -> None:
    """Put the event of a post into the outbox."""
    outbox.append(tx, event, entity=event.subject or event.id)
