"""What a reader gets of posts and comments, as JSON."""

from collections.abc import Sequence
from typing import Any

import msgspec

from eventing.answer import to_json
from functions.events import CommentState, Status
from functions.query.store import Post


def summary(post: Post, newest: Sequence[CommentState]) -> str:
    """A post in the list, with its newest approved comments."""
    shown = [comment_view(comment) for comment in newest]
    return to_json({**_document(post, without="body"), "comments": shown})


def page(summaries: Sequence[str], following: str | None) -> str:
    """A page of the list; `following` is the cursor of the next one."""
    return f'{{"posts":[{",".join(summaries)}],"next":{to_json(following)}}}'


def post_view(post: Post, comments: Sequence[CommentState], following: str | None) -> str:
    """One post with its first comments."""
    shown = [comment_view(comment) for comment in comments]
    return to_json(
        {**_document(post, without="excerpt"), "comments": shown, "nextComments": following}
    )


def comment_view(comment: CommentState) -> dict[str, Any]:
    """A comment; author and content of approved ones only."""
    members: dict[str, Any] = msgspec.to_builtins(comment)
    if comment.status == Status.APPROVED:
        return members
    return {**members, "author": None, "content": None}


def _document(post: Post, *, without: str) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(post)
    del document[without]
    document["commentCount"] = document.pop("approved")
    return document
