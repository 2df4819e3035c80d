"""Waits until every comment is judged: changes when "settled" means something else."""

from collections import Counter
from collections.abc import Mapping

from broker.load.api import Blog
from broker.load.attempts import PATIENCE, Stopped
from broker.load.progress import Display

PAUSES = (0.25, 0.5, 1.0, 2.0)  # seconds after a look that found nothing new; the last repeats


def settle(blog: Blog, loaded: Mapping[str, set[str]], display: Display) -> Counter[str]:
    """How many comments ended in which status, once readers see that of every post and comment.

    `loaded` has the comments' ids by post id. Raises Stopped when nothing has moved in our
    patience: a large load may take long, one that stands still is stuck.
    """
    waiting, verdicts, left = blog.door.waiting, dict[str, str](), dict(loaded)
    total, idle, moved = sum(map(len, loaded.values())), 0, waiting.clock()
    while True:
        before = len(verdicts), len(left)
        left = {post: ids for post, ids in left.items() if not _settled(blog, post, ids, verdicts)}
        display.show(settled=(len(verdicts), total))
        if not left:
            return Counter(verdicts.values())
        idle = 0 if before != (len(verdicts), len(left)) else idle + 1
        moved = moved if idle else waiting.clock()
        if waiting.clock() - moved > PATIENCE:
            raise Stopped(_stuck(left, total - len(verdicts)))
        waiting.pause(PAUSES[min(idle, len(PAUSES) - 1)])


def _settled(blog: Blog, post: str, ids: set[str], verdicts: dict[str, str]) -> bool:
    """Note the verdicts on a post's comments; are they all there, and the post too?"""
    statuses = blog.statuses(post)
    if statuses is None:
        return False
    verdicts.update(
        (id_, statuses[id_]) for id_ in ids if statuses.get(id_, "pending") != "pending"
    )
    return ids <= verdicts.keys()


def _stuck(left: Mapping[str, set[str]], pending: int) -> str:
    return (
        f"nothing has settled for {PATIENCE:.0f} s, and {pending} comments of {len(left)} posts"
        f" wait, such as those of post {next(iter(left))}: is the broker running?"
    )
