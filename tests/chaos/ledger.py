"""What the clients were told is accepted: the claims that must hold in the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Post:
    """A post as its author last had it accepted."""

    id: str
    title: str
    body: str
    versions: int = 1
    deleted: bool = False


@dataclass(slots=True)
class Comment:
    """A comment as its writer sent it, and what the author decided about it last."""

    id: str
    post_id: str
    text: Mapping[str, str | None]
    """`author` and `content`."""
    listed: bool
    """Whether the word list rejects it."""
    decided: str | None = None
    overrulings: int = 0

    @property
    def status(self) -> str:
        """The author's last word, else moderation's."""
        return self.decided or ("rejected" if self.listed else "approved")


@dataclass(frozen=True, slots=True)
class Done:
    """A POST that made something, and its answer: with the same key it must get that again."""

    path: str
    document: object
    key: str
    answer: Mapping[str, str]

    @property
    def post_id(self) -> str:
        """The post that it made, or made a comment on."""
        return self.answer.get("postId", self.answer["id"])


@dataclass(slots=True)
class Ledger:
    """All claims, and what went against the contract while they were made."""

    posts: dict[str, Post] = field(default_factory=dict)
    comments: dict[str, Comment] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    accepted: int = 0
    refused: set[str] = field(default_factory=set)
    """Posts about which a command got a final 404: only deletion may do that."""
    complaints: list[str] = field(default_factory=list)
    events_lost: bool = False
    """Whether the broker has lost events that it had taken."""

    def living(self) -> dict[str, Post]:
        """The posts that must be there."""
        return {id_: post for id_, post in self.posts.items() if not post.deleted}

    def comments_of(self, post_id: str) -> list[Comment]:
        """The comments that were accepted on a post."""
        return [comment for comment in self.comments.values() if comment.post_id == post_id]
