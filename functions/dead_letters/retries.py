"""Dead letters that time can heal are delivered again, without anybody's order."""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta

import urllib3

from eventing import clock as wall
from eventing.database import Database
from eventing.recurring import Recurring
from functions.dead_letters import turns
from functions.dead_letters.courier import Courier
from functions.dead_letters.deliveries import BEAT, Deliveries
from functions.dead_letters.redelivery import Redelivery
from functions.dead_letters.schedule import LONGEST, Schedule

LONGEST_HERE = 60.0  # seconds; on one machine it costs nothing to look whether a subscriber is back
REFUSED_EVERY = timedelta(days=1)  # its copy may have been repaired, or its subscriber upgraded
LOOK_FOR_REFUSED = 3_600.0  # seconds
STAY_AWAKE = 20.0  # seconds; without a request it sleeps after 30 (its manifest's window)
GRACE = 5.0  # seconds for what is under way at the end

log = logging.getLogger(__name__)


class Retries:
    """A redelivery for each subscriber, and what they have in common.

    `own_url` is where this function is reached in a cluster, where it would fall asleep; None on
    one machine.
    """

    def __init__(
        self,
        database: Database,
        subscribers: Mapping[str, str],
        courier: Courier,
        *,
        own_url: str | None,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._own_url = own_url
        self.deliveries = Deliveries(database, clock)
        longest = LONGEST_HERE if own_url is None else LONGEST
        self._redeliveries = [
            Redelivery(
                url,
                [trigger for trigger, to in subscribers.items() if to == url],
                database=database,
                courier=courier,
                deliveries=self.deliveries,
                schedule=Schedule(clock(), longest),
                clock=clock,
            )
            for url in dict.fromkeys(subscribers.values())
        ]
        self._by_trigger = {
            trigger: redelivery
            for redelivery in self._redeliveries
            for trigger in redelivery.triggers
        }
        self._refused = Recurring("refused", self.try_refused, seconds=LOOK_FOR_REFUSED)
        self._recurring = [
            Recurring("deliveries", self.deliveries.beat, seconds=BEAT),
            Recurring("awake", self.stay_awake, seconds=STAY_AWAKE),
            self._refused,
        ]
        self._first = True

    def start(self) -> None:
        """Deliver what an earlier process left, and what comes."""
        if self._redeliveries:
            for recurring in self._recurring:
                recurring.start()
            for redelivery in self._redeliveries:
                redelivery.start()
            self._refused.wake()

    def stop(self) -> None:
        """Begin no further delivery, and end."""
        for recurring in self._recurring:
            recurring.stop(GRACE)
        for redelivery in self._redeliveries:
            redelivery.stop(GRACE)
        self._database.close()

    def sweep(self) -> None:
        """What a ping asks for: look whether something waits, the refused included."""
        self._refused.wake()
        for redelivery in self._redeliveries:
            redelivery.release()

    def release(self, trigger: str) -> None:
        """The subscriber of this Trigger has a new letter, or has shown itself."""
        if trigger in self._by_trigger:
            self._by_trigger[trigger].release()

    def next_attempt_in(self, trigger: str) -> float | None:
        """Seconds until a letter is brought to that subscriber; None where there is none."""
        redelivery = self._by_trigger.get(trigger)
        return None if redelivery is None else redelivery.next_attempt_in()

    def taking_nothing(self, seconds: float) -> Mapping[str, float]:
        """For how long each subscriber has taken nothing that was brought: those for whom it is
        longer than `seconds`, by a Trigger of theirs."""
        found = {each.triggers[0]: each.failing_for() for each in self._redeliveries}
        return {trigger: time for trigger, time in found.items() if time > seconds}

    def try_refused(self) -> None:
        """Those that were refused get a turn once a day; on one machine at each start, too."""
        now = wall.now()
        first_here = self._first and self._own_url is None
        since = now if first_here else wall.ago(now, REFUSED_EVERY)
        with self._database.transaction() as tx:
            found = turns.try_refused_again(tx, since, now)
        self._first = False
        if found:
            for redelivery in self._redeliveries:
                redelivery.release()

    def stay_awake(self) -> None:
        """Ask oneself for something, through the gateway, while there are letters to deliver."""
        if self._own_url is None or not any(each.letters for each in self._redeliveries):
            return
        try:
            urllib3.request("GET", f"{self._own_url}healthz", retries=False, timeout=10.0)
        except urllib3.exceptions.HTTPError as error:
            fields = {"error": type(error).__name__}
            log.warning("cannot keep itself awake", extra={"fields": fields})
