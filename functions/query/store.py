"""The read model's tables: posts and comments as readers see them."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from eventing import rebuild
from eventing.database import Database, Row, Transaction
from eventing.strictjson import is_intact
from eventing.text import is_storable
from functions.events import CommentState, PostState, Status

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
SHOWN_IN_LIST = 5  # newest approved comments of each post

_POST = (
    'id, title, body, created_at AS "createdAt", updated_at AS "updatedAt", version,'
    " excerpt, approved"
)
_COMMENT = (
    'id, post_id AS "postId", author, content, status, reason, created_at AS "createdAt", version'
)


@dataclass(frozen=True, slots=True)
class Held:
    """A post's row, held until the transaction ends; version 0 while the post is unknown."""

    id: str
    version: int
    deleted: bool
    approved: int

    @property
    def listed(self) -> bool:
        """Whether readers can see the post."""
        return self.version > 0 and not self.deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(PostState):
    """A post as it is read, with its plain beginning and the number of its approved comments."""

    excerpt: str
    approved: int


def open_database(env: Mapping[str, str]) -> Database:
    """The database that the environment names."""
    url = env.get("DATABASE_URL") or "sqlite:///data/query.db"
    return Database(url, [rebuild.MIGRATIONS, MIGRATIONS], replaceable=True)


def hold_post(tx: Transaction, post_id: str) -> Held:
    """Hold the post's row, so that events of one post are applied one after another."""
    row = tx.row(
        "INSERT INTO posts (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET version = posts.version"
        " RETURNING version, deleted, approved",
        post_id,
    )
    if row is None:
        return Held(post_id, 0, False, 0)
    return Held(post_id, row["version"], bool(row["deleted"]), row["approved"])


def versions(tx: Transaction, table: str, ids: Sequence[str]) -> Mapping[str, int]:
    """The version of each of these posts or comments that is known."""
    select = f"SELECT id, version FROM {table} WHERE id IN ({_values(ids)})"  # noqa: S608
    return {row["id"]: row["version"] for row in tx.rows(select, *ids)}


def deleted(tx: Transaction, ids: Sequence[str]) -> Collection[str]:
    """Which of these posts are deleted."""
    select = f"SELECT id FROM posts WHERE deleted = 1 AND id IN ({_values(ids)})"  # noqa: S608
    return {row["id"] for row in tx.rows(select, *ids)}


def _values(ids: Sequence[str]) -> str:
    return ", ".join("?" * len(ids))


def save_post(tx: Transaction, post: Post, summary: str) -> None:
    """Keep a version of a held post, and its JSON in the list."""
    tx.execute(
        "UPDATE posts SET title = :title, body = :body, created_at = :createdAt,"
        " updated_at = :updatedAt, version = :version, excerpt = :excerpt, summary = :summary"
        " WHERE id = :id",
        **msgspec.to_builtins(post),
        summary=summary,
    )


def note_first_post(tx: Transaction, post_id: str) -> None:
    """Remember that post for ever, if none came before it."""
    tx.execute("INSERT INTO feed VALUES (1, ?) ON CONFLICT (number) DO NOTHING", post_id)


def save_summary(tx: Transaction, post_id: str, document: str) -> None:
    """Keep the post's JSON in the list once more: a comment changed it."""
    tx.execute("UPDATE posts SET summary = ? WHERE id = ?", document, post_id)


def blank_post(tx: Transaction, post_id: str, version: int) -> None:
    """Leave of a post and its comments their ids and versions only."""
    tx.execute(
        "UPDATE posts SET title = '', body = '', excerpt = '', summary = NULL, created_at = '',"
        " updated_at = '', deleted = 1, version = ? WHERE id = ?",
        version,
        post_id,
    )
    tx.execute("UPDATE comments SET content = '', author = NULL WHERE post_id = ?", post_id)
    tx.erase_traces()


def read_post(tx: Transaction, post_id: str) -> Post | None:
    """A post that readers can see."""
    row = tx.row(
        f"SELECT {_POST} FROM posts WHERE id = ? AND version > 0 AND deleted = 0",  # noqa: S608
        post_id,
    )
    return Post(**row) if row else None


def first_post(tx: Transaction) -> str:
    """The id of the first post that came, deleted or not; empty while there was none."""
    row = tx.row("SELECT first_post FROM feed")
    return str(row["first_post"]) if row else ""


def summaries(tx: Transaction, before: tuple[str, str] | None, limit: int) -> list[Row]:
    """Listed posts, newest first: rows of `created_at`, `id`, `summary`."""
    after = "AND (created_at, id) < (?, ?)" if before else ""
    return tx.rows(
        f"SELECT created_at, id, summary FROM posts WHERE summary IS NOT NULL {after}"  # noqa: S608
        " ORDER BY created_at DESC, id DESC LIMIT ?",
        *(before or ()),
        limit,
    )


def intact(rows: Sequence[Row]) -> list[str]:
    """The summaries in these rows; a damaged one is left out rather than the whole list."""
    found = [row["summary"] for row in rows]
    if is_intact(f"[{','.join(found)}]"):  # nearly always, and one look costs less than twenty
        return found
    return [row["summary"] for row in rows if _is_intact(row)]


def _is_intact(row: Row) -> bool:
    if is_intact(row["summary"]):
        return True
    log.error("a damaged post is left out", extra={"fields": {"post": row["id"]}})
    return False


def save_comment(tx: Transaction, comment: CommentState) -> None:
    """Keep a version of a comment."""
    tx.execute(
        "INSERT INTO comments (id, post_id, author, content, status, reason, created_at, version)"
        " VALUES (:id, :postId, :author, :content, :status, :reason, :createdAt, :version)"
        " ON CONFLICT (id) DO UPDATE SET author = excluded.author, content = excluded.content,"
        " status = excluded.status, reason = excluded.reason, version = excluded.version",
        **msgspec.to_builtins(comment),
    )


def count_approved(tx: Transaction, before: CommentState | None, after: CommentState) -> None:
    """Move the post's count by what this change of a comment means for it."""
    was_approved = before is not None and before.status == Status.APPROVED
    change = int(after.status == Status.APPROVED) - int(was_approved)
    if change:
        tx.execute("UPDATE posts SET approved = approved + ? WHERE id = ?", change, after.postId)


def find_comment(tx: Transaction, comment_id: str) -> CommentState | None:
    """One comment, whatever its status."""
    row = tx.row(f"SELECT {_COMMENT} FROM comments WHERE id = ?", comment_id)  # noqa: S608
    return _comment(row) if row else None


def comments_of(
    tx: Transaction, post_id: str, after: tuple[str, str] | None, limit: int
) -> Sequence[CommentState]:
    """Comments of a post, oldest first, whatever their status."""
    beyond = "AND (created_at, id) > (?, ?)" if after else ""
    rows = tx.rows(
        f"SELECT {_COMMENT} FROM comments WHERE post_id = ? {beyond}"  # noqa: S608
        " ORDER BY created_at, id LIMIT ?",
        post_id,
        *(after or ()),
        limit,
    )
    return [_intact_comment(row) for row in rows]


def newest_approved(tx: Transaction, post_id: str) -> Sequence[CommentState]:
    """The approved comments that the list shows, oldest of them first."""
    rows = tx.rows(
        f"SELECT {_COMMENT} FROM comments WHERE post_id = ? AND status = 'approved'"  # noqa: S608
        " ORDER BY created_at DESC, id DESC LIMIT ?",
        post_id,
        SHOWN_IN_LIST,
    )
    return [_intact_comment(row) for row in reversed(rows)]


def _comment(row: Row) -> CommentState:
    return msgspec.convert(dict(row), CommentState)


def _intact_comment(row: Row) -> CommentState:
    """The comment; a damaged one as if it were pending, so that the others can be read."""
    try:
        if is_storable(dict(row)):
            return _comment(row)
    except msgspec.ValidationError:
        pass
    log.error("a damaged comment is hidden", extra={"fields": {"comment": row["id"]}})
    hidden = {"author": None, "content": "", "status": Status.PENDING, "reason": None}
    return msgspec.convert({**dict(row), **hidden}, CommentState)
