"""What a dead letter tells about its failure; changes when Knative's error extensions do."""

from broker.arrival import TTL
from broker.records import Failure, Stored
from eventing.cloudevent import CloudEvent


def dead_letter(stored: Stored, failure: Failure) -> CloudEvent:
    """The event as it goes to a dead letter sink: with its TTL and with what went wrong.

    Without the three error extensions where the failure has no code.
    """
    letter = stored.event.with_extensions(**{TTL: str(stored.ttl)})
    if failure.code is None:
        return letter
    return letter.with_extensions(
        knativeerrordest=failure.dest,
        knativeerrorcode=str(failure.code),
        knativeerrordata=failure.data,
    )
