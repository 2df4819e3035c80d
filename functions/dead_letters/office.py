"""What can be done with dead letters: kept, listed, shown, delivered again, discarded."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from eventing import subscriber
from eventing.answer import Answer, json_answer
from eventing.call import Call
from eventing.clock import now
from eventing.cursor import decode_text_cursor, encode_cursor
from eventing.database import Database
from eventing.fields import Fields
from eventing.patience import step_aside
from eventing.problem import BadRequest, Fault, Invalid, NotFound, Refused, Unavailable
from eventing.subscriber import TAKEN
from eventing.together import when_durable
from functions.dead_letters import rules, store, turns
from functions.dead_letters.courier import Courier, NotDelivered
from functions.dead_letters.retries import Retries
from functions.dead_letters.rules import Letter
from functions.dead_letters.store import Wanted

PAGE = 100
LONGEST = 60.0  # seconds that one call delivers; a request has 300 in a cluster
REASON_LIMIT = 500  # characters
NAME_LIMIT = 253  # characters of a Trigger's name, as of any name in Kubernetes
MOST_WAITING = 10_000  # letters of one Trigger that wait for a person
LONGEST_WAIT = 30.0  # seconds for a letter that is being delivered by itself just now
LOOK = 0.05  # seconds between two looks whether it is done


class TooManyWait(Unavailable):
    """So many dead letters of this Trigger wait for a person that no more are kept."""


class UnderWay(Unavailable):
    """The letter is being delivered by itself just now: ask again."""


@dataclass(frozen=True, slots=True)
class Office:
    """Dead letters, and the `subscribers` by the Trigger that they missed an event of."""

    database: Database
    subscribers: Mapping[str, str]
    courier: Courier
    retries: Retries

    def keep(self, call: Call, trigger: str) -> Answer:
        """`POST /dead/TRIGGER`: whatever its name, so that nothing is lost."""
        event = subscriber.read(call.headers, call.body)
        correlationid = event.extensions.get("correlationid")
        call.notes.update(type=event.type, id=event.id, correlationid=correlationid)
        if len(trigger) > NAME_LIMIT:
            raise BadRequest(f"A Trigger's name has at most {NAME_LIMIT} characters.")
        known = trigger in self.subscribers
        letter = rules.receive(event, trigger, now(), known=known)
        with self.database.transaction() as tx:
            if not store.keep(tx, letter, known=known, limit=MOST_WAITING):
                raise TooManyWait
        when_durable(partial(self.retries.release, trigger))
        return TAKEN

    def page(self, call: Call) -> Answer:
        """`GET /dead`: what can be delivered, oldest first; `?trigger=…`, `?discarded=true`."""
        limit = call.limit(PAGE, PAGE)
        cursor = call.query.get("cursor")
        after = decode_text_cursor(cursor) if cursor else ("", "")
        wanted = Wanted(call.query.get("trigger", ""), call.query.get("discarded") == "true")
        with self.database.snapshot() as tx:
            found = store.page(tx, wanted, after, limit + 1)
        letters = found[:limit]
        more = encode_cursor(letters[-1].first_at, letters[-1].id) if found[limit:] else None
        documents = [rules.listed(letter, *self._prospects(letter)) for letter in letters]
        return json_answer({"deadLetters": documents, "next": more})

    def show(self, _call: Call, letter_id: str) -> Answer:
        """`GET /dead/ID`: also one that has been discarded."""
        letter = self._find(letter_id)
        return json_answer(rules.shown(letter, *self._prospects(letter)))

    def redrive(self, call: Call, letter_id: str) -> Answer:
        """`POST /dead/ID/redrive`: to the subscriber that the manifests name, once, now."""
        step_aside()
        self._deliver(letter_id, call)
        return json_answer({"id": letter_id, "delivered": True})

    def redrive_all(self, call: Call) -> Answer:
        """`POST /dead/redrive?trigger=…`: up to a hundred within a minute; how many are `left`."""
        step_aside()
        trigger = call.query.get("trigger", "")
        if not trigger:
            raise Invalid([Fault("#/trigger", "is required")])
        with self.database.snapshot() as tx:
            letter_ids = store.longest_left_alone(tx, trigger, PAGE)
        end = time.monotonic() + LONGEST
        taken = [self._try(each, call) for each in letter_ids if time.monotonic() < end]
        with self.database.snapshot() as tx:
            left = store.count(tx, trigger)
        counts = {"delivered": taken.count(True), "failed": taken.count(False), "left": left}
        return json_answer(counts)

    def discard(self, call: Call, letter_id: str) -> Answer:
        """`POST /dead/ID/discard` `{reason}`: nobody will deliver it; its data is blanked."""
        fields = Fields(call.document())
        reason = fields.text("reason").strip()
        if not 1 <= len(reason) <= REASON_LIMIT:
            fields.fault("reason", f"must have 1 to {REASON_LIMIT} characters")
        fields.check()
        with self.database.transaction() as tx:
            store.discard(tx, letter_id, reason)
        return self.show(call, letter_id)

    def _find(self, letter_id: str) -> Letter:
        with self.database.snapshot() as tx:
            letter = store.find(tx, letter_id)
        if letter is None:
            raise NotFound("There is no such dead letter.")
        return letter

    def _prospects(self, letter: Letter) -> tuple[str | None, float | None]:
        """Where the letter goes to, and in how many seconds if by itself."""
        return self.subscribers.get(letter.trigger), self.retries.next_attempt_in(letter.trigger)

    def _try(self, letter_id: str, call: Call) -> bool | None:
        """Whether it was delivered; None when it has left the list meanwhile."""
        try:
            self._deliver(letter_id, call)
        except NotFound:
            return None
        except Refused:  # not taken, or meanwhile discarded by somebody else
            return False
        return True

    def _deliver(self, letter_id: str, call: Call) -> None:
        """Deliver with nothing held, then forget the letter, or count the failure."""
        call.notes["trigger"] = self._find(letter_id).trigger
        with self.retries.deliveries.under_way() as delivery:
            letter = self._take(delivery, letter_id)
            try:
                self.courier.deliver(letter.event, self._address(letter))
            except NotDelivered as error:
                failure = error.failure
                with self.database.transaction() as tx:
                    store.count_failure(tx, letter.id, failure, now(), refused=not failure.passes)
                    turns.end(tx, delivery)
                raise
            with self.database.transaction() as tx:
                store.forget(tx, letter.id)
                turns.end(tx, delivery)
        self.retries.release(letter.trigger)

    def _take(self, delivery: str, letter_id: str) -> Letter:
        """The letter, once no other delivery has it."""
        end = time.monotonic() + LONGEST_WAIT
        while True:
            self._address(self._find(letter_id))
            with self.database.transaction() as tx:
                if letter := turns.take_one(tx, delivery, letter_id):
                    return letter
            self.retries.deliveries.look()
            if time.monotonic() > end:
                raise UnderWay
            time.sleep(LOOK)

    def _address(self, letter: Letter) -> str:
        if letter.discarded is not None:
            raise Invalid([Fault("", f"it was discarded: {letter.discarded}")])
        url = self.subscribers.get(letter.trigger)
        if url is None:
            raise Invalid([Fault("", rules.no_trigger(letter.trigger))])
        return url
