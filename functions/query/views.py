"""What a reader gets of posts and comments, as JSON."""

from collections.abc import Sequence

from eventing.answer import to_json
from functions.events import CommentState, Status
from functions.query.excerpt import excerpt
from functions.query.store import Post


def summary(post: Post, newest: Sequence[CommentState]) -> str:
    """A post in the list, with its newest approved comments."""
    document = {"id": post.id, "title": post.title, "excerpt": excerpt(post.body)}
    return to_json({**document, **_rest(post), "comments": [comment_view(c) for c in newest]})


def page(summaries: Sequence[str], following: str | None) -> str:
    """A page of the list; `following` is the cursor of the next one."""
    return f'{{"posts":[{",".join(summaries)}],"next":{to_json(following)}}}'


def post_view(post: Post, comments: Sequence[CommentState], following: str | None) -> str:
    """One post with its first comments."""
    document = {"id": post.id, "title": post.title, "body": post.body, **_rest(post)}
    shown = [comment_view(comment) for comment in comments]
    return to_json({**document, "comments": shown, "nextComments": following})


def comment_view(comment: CommentState) -> dict[str, object]:
    """A comment; author and content of approved ones only."""
    shown = comment.status == Status.APPROVED
    return {
        "id": comment.id,
        "postId": comment.postId,
        "author": comment.author if shown else None,
        "content": comment.content if shown else None,
        "status": comment.status,
        "reason": comment.reason,
        "createdAt": comment.createdAt,
        "version": comment.version,
    }


def _rest(post: Post) -> dict[str, object]:
    return {
        "createdAt": post.created_at,
        "updatedAt": post.updated_at,
        "version": post.version,
        "commentCount": post.approved,
    }
