"""The commands on comments: a reader writes one, the author overrules moderation."""

from dataclasses import dataclass

import msgspec

from eventing import idempotency
from eventing.answer import Answer, json_answer
from eventing.bearer import Bearer
from eventing.call import Call
from eventing.clock import now
from eventing.database import Database, Transaction
from eventing.identity import new_id
from eventing.problem import NotFound
from eventing.producer import Producer
from functions.comments import rules, store
from functions.events import CommentState


@dataclass(frozen=True, slots=True)
class Commands:
    """What may be asked of `comments`."""

    database: Database
    author: Bearer
    producer: Producer

    def create(self, call: Call, post_id: str) -> Answer:
        """`POST /posts/ID/comments`."""
        document = call.document()
        command = idempotency.identify(call, document)
        comment = rules.create(
            rules.read_remark(document), comment_id=new_id(), post_id=post_id, now=now()
        )

        def add() -> Answer:
            _require_open_post(tx, post_id)
            store.add(tx, comment)
            store.emit(tx, rules.announce(comment, comment.createdAt, call.cause))
            location = f"/api/posts/{post_id}/comments/{comment.id}"
            return json_answer(msgspec.to_builtins(comment), 201, {"Location": location})

        with self.database.transaction() as tx:
            answer = idempotency.once(tx, command, post_id, add)
        self.producer.wake()
        return answer

    def overrule(self, call: Call, post_id: str, comment_id: str) -> Answer:
        """`PATCH /posts/ID/comments/CID`."""
        self.author.check(call)
        verdict = rules.read_overruling(call.document())
        with self.database.transaction() as tx:
            comment = _existing(store.find_for_update(tx, comment_id), post_id)
            decided = rules.overrule(comment, verdict)
            if decided is not comment:
                store.save(tx, decided)
                store.emit(tx, rules.announce(decided, now(), call.cause))
        self.producer.wake()
        return json_answer(rules.as_read(decided))


def _require_open_post(tx: Transaction, post_id: str) -> None:
    is_open = store.post_is_open(tx, post_id)
    if is_open is None:
        # PostCreated may still be on its way: whoever just made the post tries again.
        raise NotFound("There is no such post (yet).", headers={"Retry-After": "1"})
    if not is_open:
        raise NotFound("The post has been deleted.")


def _existing(comment: CommentState | None, post_id: str) -> CommentState:
    if comment is None or comment.postId != post_id:
        raise NotFound("There is no such comment.")
    return comment
