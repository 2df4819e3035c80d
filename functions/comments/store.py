"""Comments in their own database, and the copy of which posts there are."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from eventing import idempotency, outbox, rebuild
from eventing.cloudevent import CloudEvent
from eventing.database import POOL_SIZE, Database, Transaction
from functions.events import CommentState, PostRemoval, PostState

MIGRATIONS = Path(__file__).parent / "migrations"
POSTS_MIGRATIONS = MIGRATIONS / "posts"


def open_database(env: Mapping[str, str], *, pool_size: int = POOL_SIZE) -> Database:
    """The database that the environment names."""
    url = env.get("DATABASE_URL") or "sqlite:///data/comments.db"
    own = [POSTS_MIGRATIONS, MIGRATIONS]
    folders = [outbox.MIGRATIONS, idempotency.MIGRATIONS, rebuild.MIGRATIONS, *own]
    return Database(url, folders, pool_size=pool_size)


def post_is_open(tx: Transaction, post_id: str) -> bool | None:
    """Whether the post takes comments; False once deleted, None when it is not known (yet).

    The post is held until the transaction ends, so that no comment slips in beside its deletion.
    """
    row = tx.row("UPDATE posts SET deleted = deleted WHERE id = ? RETURNING deleted", post_id)
    return None if row is None else not row["deleted"]


def add_post(tx: Transaction, post: PostState) -> bool:
    """Let a post take comments; False when it is known already."""
    return tx.execute("INSERT INTO posts (id) VALUES (?) ON CONFLICT DO NOTHING", post.id) == 1


def delete_post(tx: Transaction, removal: PostRemoval) -> bool:
    """Close a post for ever and blank its comments: here, in the history, in the answers.

    False when it was closed already.
    """
    closed = tx.execute(
        "INSERT INTO posts (id, deleted) VALUES (?, 1)"
        " ON CONFLICT (id) DO UPDATE SET deleted = 1 WHERE posts.deleted = 0",
        removal.id,
    )
    tx.execute("UPDATE comments SET content = '', author = NULL WHERE post_id = ?", removal.id)
    outbox.rewrite(tx, removal.id, lambda data: {**data, "content": "", "author": None})
    idempotency.forget(tx, removal.id)
    return closed == 1


def lacks_posts(tx: Transaction, posts: Sequence[PostState]) -> list[bool]:
    """Which of these posts are not known."""
    known = _deleted(tx, [post.id for post in posts])
    return [post.id not in known for post in posts]


def lacks_deletions(tx: Transaction, removals: Sequence[PostRemoval]) -> list[bool]:
    """Which of these posts are not known to be deleted."""
    known = _deleted(tx, [removal.id for removal in removals])
    return [not known.get(removal.id) for removal in removals]


def _deleted(tx: Transaction, ids: Sequence[str]) -> Mapping[str, bool]:
    values = ", ".join("?" * len(ids))
    select = f"SELECT id, deleted FROM posts WHERE id IN ({values})"  # noqa: S608
    return {row["id"]: bool(row["deleted"]) for row in tx.rows(select, *ids)}


def add(tx: Transaction, comment: CommentState) -> None:
    """Keep a new comment."""
    tx.execute(
        "INSERT INTO comments (id, post_id, author, content, status, created_at, version)"
        " VALUES (:id, :postId, :author, :content, :status, :createdAt, :version)",
        **msgspec.to_builtins(comment),
    )


def find_for_update(tx: Transaction, comment_id: str) -> CommentState | None:
    """The comment, held until the transaction ends; None when unknown or its post is deleted."""
    row = tx.row(
        "UPDATE comments SET version = version WHERE id = ?"
        " AND NOT EXISTS (SELECT 1 FROM posts WHERE posts.id = post_id AND deleted = 1)"
        ' RETURNING id, post_id AS "postId", author, content, status, reason,'
        ' created_at AS "createdAt", version',
        comment_id,
    )
    return msgspec.convert(dict(row), CommentState) if row else None


def save(tx: Transaction, comment: CommentState) -> None:
    """Keep what was decided about a comment."""
    tx.execute(
        "UPDATE comments SET status = :status, reason = :reason, version = :version WHERE id = :id",
        **msgspec.to_builtins(comment),
    )


def emit(tx: Transaction, event: CloudEvent) -> None:
    """Put the event of a comment into the outbox."""
    outbox.append(tx, event, entity=event.subject or event.id)


def waiting(tx: Transaction, span: tuple[str, str], limit: int) -> Sequence[tuple[str, int]]:
    """Id and version of some comments that are pending, not written within this span of time.

    Those of a deleted post are left out. One from the future was written before the clock was set
    back. Which ones is left to chance, so that those that nobody will ever judge hold up no others.
    """
    rows = tx.rows(
        "SELECT id, version FROM comments WHERE status = 'pending'"
        " AND (created_at < ? OR created_at > ?)"
        " AND NOT EXISTS (SELECT 1 FROM posts WHERE posts.id = post_id AND deleted = 1)"
        " ORDER BY random() LIMIT ?",
        *span,
        limit,
    )
    return [(row["id"], row["version"]) for row in rows]
