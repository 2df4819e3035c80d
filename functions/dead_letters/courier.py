"""Delivers a dead letter once more, as a broker would: one attempt, and its reply published."""

from collections.abc import Callable
from http import HTTPStatus

import urllib3

from eventing.cloudevent import CloudEvent, InvalidEvent, is_event, read_event, write_binary
from eventing.problem import Refused
from eventing.publisher import EventRefused, PublishFailed
from functions.dead_letters.failure import Failure, of_answer
from functions.dead_letters.rules import again

TIMEOUT = urllib3.Timeout(connect=5.0, read=30.0)  # seconds; a cold start takes one or two
TTL = "knativebrokerttl"


class NotDelivered(Refused):
    """The subscriber did not take the event; it is kept as before."""

    status = HTTPStatus.BAD_GATEWAY

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure

    def members(self) -> dict[str, object]:
        """The problem details with the subscriber's words, which no log line may have."""
        return {**super().members(), "said": self.failure.said}


class Courier:
    """Takes events to subscribers; `publish` takes a reply to the broker, if there is one."""

    def __init__(self, publish: Callable[[CloudEvent], None] | None) -> None:
        self._publish = publish
        # Without retries it follows no redirect either, which a broker takes for a failure.
        self._http = urllib3.PoolManager(retries=False, timeout=TIMEOUT)

    def deliver(self, event: CloudEvent, url: str) -> None:
        """Return when the subscriber has the event and the broker its reply; else NotDelivered."""
        headers, body = write_binary(again(event))
        try:
            answer = self._http.request(
                "POST", url, body=body, headers={**headers, "Prefer": "reply"}
            )
        except urllib3.exceptions.HTTPError as error:
            failure = Failure(f"gave no answer: {type(error).__name__}", answered=False)
            raise NotDelivered(failure) from error
        if not 200 <= answer.status < 300:
            raise NotDelivered(of_answer(answer.status, answer.data))
        if answer.data or is_event(answer.headers):
            self._pass_on(answer, event.extensions.get(TTL))

    def _pass_on(self, answer: urllib3.BaseHTTPResponse, ttl: str | None) -> None:
        """A reply goes on with the TTL of the event that it answers, so that loops end."""
        try:
            reply = read_event(answer.headers, answer.data)
            if self._publish is None:
                raise NotDelivered(Failure("replied, and K_SINK is not set to publish the reply"))
            self._publish(reply.with_extensions(**{TTL: ttl}))
        except InvalidEvent as error:
            reason = f"answered {answer.status} with a body that is no event"
            raise NotDelivered(Failure(reason, str(error))) from None
        except EventRefused as error:
            reason = f"replied, and the broker refused the reply: answered {error.status}"
            raise NotDelivered(Failure(reason, error.said, passes=False)) from error
        except PublishFailed as error:
            raise NotDelivered(Failure("replied, but not published", str(error))) from error
