"""The verdict: every claim of the clients against what is to be seen. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.chaos.ledger import Comment, Ledger, Post
from tests.chaos.seen import Document, Seen

SHOWN_IN_LIST = 5
HIDDEN = {"author": None, "content": None}


def complaints(ledger: Ledger, seen: Seen) -> list[str]:
    """Every claim that does not hold: `lost: …`, `unseen: …`, `doubled: …` or `wrong: …`.

    What is unseen is kept by its owner, and readers do not see it as it is.
    """
    return [
        *ledger.complaints,
        *_posts(ledger, seen),
        *_comments(ledger, seen),
        *_deletions(ledger, seen),
        *_repetitions(seen),
        *_lists(seen),
        *_feeds_agree(ledger, seen),
        *_feeds_are_whole(seen),
        *_verdicts(ledger, seen),
    ]


def _posts(ledger: Ledger, seen: Seen) -> Iterator[str]:
    """Exactly one post for each that was accepted, with the text as sent."""
    listed = [post["id"] for post in seen.listed]
    for post in ledger.living().values():
        if post.id not in listed:
            yield f"unseen: the read model has no post {post.id}"
        elif _shown(seen.posts[post.id]) != _sent(post):
            yield f"unseen: post {post.id} is {_shown(seen.posts[post.id])}, not {_sent(post)}"
    for post_id in listed:
        if post_id not in ledger.living():
            yield f"doubled: the read model has a post {post_id} that nobody was told of"
        if listed.count(post_id) > 1:
            yield f"doubled: post {post_id} is listed {listed.count(post_id)} times"


def _sent(post: Post) -> tuple[object, ...]:
    return post.title, post.body, post.versions


def _shown(post: Document) -> tuple[object, ...]:
    return post["title"], post["body"], post["version"]


def _comments(ledger: Ledger, seen: Seen) -> Iterator[str]:
    """Exactly one comment for each that was accepted, decided as it must be."""
    for post_id, shown in seen.comments.items():
        ids = [comment["id"] for comment in shown]
        by_id = {comment["id"]: comment for comment in shown}
        accepted = {comment.id: comment for comment in ledger.comments_of(post_id)}
        yield from (
            f"unseen: the read model has no comment {id_}" for id_ in accepted.keys() - by_id
        )
        for id_ in by_id.keys() - accepted:
            yield f"doubled: the read model has a comment {id_} that nobody was told of"
        if len(ids) > len(by_id):
            yield f"doubled: comments of post {post_id} are shown more than once"
        for id_ in accepted.keys() & by_id:
            yield from _comment(accepted[id_], by_id[id_])


def _comment(comment: Comment, shown: Document) -> Iterator[str]:
    if shown["status"] != comment.status:
        yield f"unseen: comment {comment.id} is {shown['status']}, not {comment.status}"
        return
    text = {name: shown[name] for name in HIDDEN}
    if text != (comment.text if comment.status == "approved" else HIDDEN):
        yield f"unseen: comment {comment.id} is shown as {shown}, sent was {comment.text}"
    if shown["version"] > 2 + comment.overrulings:
        yield f"doubled: comment {comment.id} was decided {shown['version'] - 1} times"


def _deletions(ledger: Ledger, seen: Seen) -> Iterator[str]:
    """Nothing of a deleted post is there, and only deleted posts were said to be gone."""
    for post_id, statuses in seen.gone.items():
        if statuses != {404}:
            yield f"unseen: deleted post {post_id} is answered for with {sorted(statuses)}"
    for post_id in ledger.refused - seen.gone.keys():
        yield f"wrong: post {post_id} was said to be gone, and nobody deleted it"
    texts = {data["title"] + data["body"] for data in _data(seen, "posts", seen.gone)}
    texts |= {data["content"] for data in _data(seen, "comments", seen.gone)}
    if texts - {""}:
        yield f"wrong: the histories still hold texts of deleted posts: {texts}"


def _repetitions(seen: Seen) -> Iterator[str]:
    """A command that comes again with its key gets its first answer, and 404 after a deletion."""
    for done, status, answer in seen.again:
        if done.post_id in seen.gone:
            if status != 404:
                yield f"doubled: {done} about a deleted post was answered {status} when repeated"
        elif (status, answer) != (201, done.answer):
            yield f"doubled: {done} got {status} {answer} when repeated"


def _data(seen: Seen, producer: str, posts: Mapping[str, object]) -> Iterator[Document]:
    for event in seen.feeds[producer]:
        if event["partitionkey"] in posts and event["type"] != "PostDeleted":
            yield event["data"]


def _lists(seen: Seen) -> Iterator[str]:
    """The list, and the counts, tell of the same comments as the pages of comments do."""
    for post in seen.listed:
        approved = [c for c in seen.comments[post["id"]] if c["status"] == "approved"]
        if post["comments"] != approved[-SHOWN_IN_LIST:]:
            yield f"unseen: the list shows other comments of post {post['id']} than there are"
        counts = {post["commentCount"], seen.posts[post["id"]]["commentCount"]}
        if counts != {len(approved)}:
            yield f"doubled: post {post['id']} counts {counts} comments, not {len(approved)}"


def _feeds_agree(ledger: Ledger, seen: Seen) -> Iterator[str]:
    """The newest version in a feed is what readers see."""
    posts = _newest(seen.feeds["posts"])
    comments = _newest(seen.feeds["comments"])
    for id_, shown in seen.posts.items():
        if any(shown[name] != told for name, told in posts.get(id_, {}).items()):
            yield f"unseen: post {id_} is {shown}, its feed says {posts.get(id_)}"
    for id_ in {id_ for id_, data in posts.items() if "title" in data} - seen.posts.keys():
        yield f"unseen: post {id_} is in the feed, and not in the read model"
    for shown in (comment for page in seen.comments.values() for comment in page):
        told = comments.get(shown["id"], {})
        if told.get("status") != "approved":
            told = {**told, **HIDDEN}
        if {**told, "reason": told.get("reason")} != shown:
            yield f"unseen: comment {shown['id']} is {shown}, its feed says {told}"
    for id_ in ledger.comments.keys() - comments.keys():
        yield f"lost: no event tells of comment {id_}"
    for id_ in ledger.posts.keys() - posts.keys():
        yield f"lost: no event tells of post {id_}"


def _newest(feed: list[Document]) -> dict[str, dict[str, Any]]:
    newest: dict[str, dict[str, Any]] = {}
    for data in (event["data"] for event in feed):
        if data["version"] >= newest.get(data["id"], data)["version"]:
            newest[data["id"]] = data
    return newest


def _feeds_are_whole(seen: Seen) -> Iterator[str]:
    """Every version from the first on, each once, in order."""
    for producer in ("posts", "comments"):
        versions: dict[str, list[int]] = {}
        for event in seen.feeds[producer]:
            versions.setdefault(event["data"]["id"], []).append(event["data"]["version"])
        for id_, found in versions.items():
            if found != list(range(1, len(found) + 1)):
                yield f"wrong: the feed of {producer} has versions {found} of {id_}"


def _verdicts(ledger: Ledger, seen: Seen) -> Iterator[str]:
    """Moderation's history has one verdict for each comment, be it one that the author decided."""
    judged = [event["subject"] for event in seen.feeds["moderation"]]
    # Of a deleted post nothing that has become a dead letter is delivered again; and where the
    # broker lost a comment's event, nobody asks for a verdict that the author has made needless.
    living = ledger.living()
    comments = {
        id_
        for id_, comment in ledger.comments.items()
        if comment.post_id in living and not (ledger.events_lost and comment.decided)
    }
    for id_ in comments - set(judged):
        yield f"lost: moderation keeps no verdict on comment {id_}"
    if len(judged) > len(set(judged)):
        yield "doubled: moderation keeps two verdicts on one comment"
