"""What the local broker promises beyond Knative's default one: nothing that it took in is lost.

Local only: these tests kill the broker, fill it, and read what it keeps.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from threading import Event
from typing import Any
from urllib.request import urlopen

from eventing.cloudevent import CloudEvent, write_binary
from tests.conformance.conftest import StartBroker
from tests.conformance.local import LocalBroker, wait_until
from tests.conformance.probe import Answer
from tests.conformance.under_test import ProbeTrigger, an_event, publish

QUICK = {"retry": 3, "backoffPolicy": "linear", "backoffDelay": "PT0.2S", "timeout": "PT30S"}
STUBBORN = {"retry": 100, "backoffPolicy": "linear", "backoffDelay": "PT0.1S", "timeout": "PT30S"}


def publish_many(broker: LocalBroker, type_: str, count: int) -> list[str]:
    """Send that many events, eight at a time; the ids of those that were accepted."""

    def send(event: CloudEvent) -> str | None:
        try:
            return event.id if publish(broker, event) == 202 else None
        except (OSError, HTTPException):
            return None  # the broker was killed meanwhile

    events = [an_event(type_) for _ in range(count)]
    with ThreadPoolExecutor(8) as pool:
        return [identity for identity in pool.map(send, events) if identity]


def ids(broker: LocalBroker, trigger: str) -> list[str]:
    """The ids of the events that a subscriber got, in order."""
    return [received.event.id for received in broker.deliveries(trigger)]


def test_every_accepted_event_survives_a_kill(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("kept", delivery=STUBBORN)])
    broker.answer("kept", Answer(503))
    accepted = publish_many(broker, "kept", 60)
    broker.kill()
    before = len(ids(broker, "kept"))
    broker.answer("kept", Answer(202))
    broker.start()
    broker.settle()
    assert sorted(ids(broker, "kept")[before:]) == sorted(accepted)
    assert len(accepted) == 60


def test_events_accepted_while_the_broker_is_killed_arrive(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("kept", delivery=STUBBORN)])
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(publish_many, broker, "kept", 400)
        broker.deliveries("kept", 50)
        broker.kill()
        accepted = sending.result()
    broker.start()
    broker.settle()
    assert 50 <= len(accepted) < 400
    assert set(accepted) <= set(ids(broker, "kept"))


def test_a_delivery_that_a_kill_interrupts_is_made_again(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("interrupted", delivery=QUICK)])
    never = Event()
    broker.answer("interrupted", Answer(after=never), Answer(202))
    publish(broker, an_event("interrupted"))
    broker.deliveries("interrupted", 1)
    broker.kill()
    never.set()
    broker.start()
    first, second = broker.deliveries("interrupted", 2)
    assert first.event == second.event


def test_attempts_made_before_a_kill_count(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("counted", delivery=QUICK, sink="ref")])
    never = Event()
    broker.answer("counted", Answer(503), Answer(503), Answer(after=never), Answer(503))
    publish(broker, an_event("counted"))
    broker.deliveries("counted", 3)
    broker.kill()
    never.set()
    broker.start()
    broker.dead_letters("counted", 1)
    made, interrupted = 4, 1  # `retry` is 3; the attempt that was interrupted has no answer
    assert len(broker.deliveries("counted")) == made + interrupted


def test_a_dead_letter_under_way_survives_a_kill(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("hopeless", delivery=STUBBORN, sink="ref")])
    broker.answer("hopeless", Answer(400, body=b"no"))
    broker.answer_as_sink("hopeless", Answer(503))
    publish(broker, an_event("hopeless"))
    broker.dead_letters("hopeless", 1)
    broker.kill()
    broker.answer_as_sink("hopeless", Answer(202))
    broker.start()
    broker.settle()
    assert len(broker.deliveries("hopeless")) == 1
    letter = broker.dead_letters("hopeless")[-1]
    assert letter.event.extensions["knativeerrorcode"] == "400"
    assert broker.status("hopeless")["dead_lettered"] == 1


def test_replies_survive_a_kill(start_broker: StartBroker) -> None:
    broker = start_broker(
        [ProbeTrigger("asks", delivery=STUBBORN), ProbeTrigger("says", delivery=STUBBORN)]
    )
    headers, data = write_binary(an_event("says"))
    broker.answer("asks", Answer(200, headers, data))
    never = Event()
    broker.answer("says", Answer(after=never), Answer(202))
    publish(broker, an_event("asks"))
    broker.deliveries("says", 1)
    broker.kill()
    never.set()
    broker.start()
    broker.settle()
    assert len(broker.deliveries("asks")) == 1
    assert len(broker.deliveries("says")) == 2


def test_without_a_crash_nothing_is_delivered_twice(start_broker: StartBroker) -> None:
    broker = start_broker(
        [ProbeTrigger("asks", delivery=QUICK), ProbeTrigger("says", delivery=QUICK)]
    )
    headers, data = write_binary(an_event("says"))
    broker.answer("asks", Answer(200, headers, data))
    accepted = publish_many(broker, "asks", 300)
    broker.settle()
    assert sorted(ids(broker, "asks")) == sorted(accepted)
    assert len(ids(broker, "says")) == len(accepted) == 300
    assert broker.status("says")["delivered"] == 300


def test_a_subscriber_that_never_answers_delays_nobody_else(start_broker: StartBroker) -> None:
    wants = [{"exact": {"type": "news"}}]
    broker = start_broker(
        [
            ProbeTrigger("stuck", filters=wants, delivery=QUICK),
            ProbeTrigger("brisk", filters=wants, delivery=QUICK),
            ProbeTrigger(
                "down", filters=wants, delivery=STUBBORN, subscriber="http://127.0.0.1:9/"
            ),
        ]
    )
    never = Event()
    broker.answer("stuck", Answer(after=never))
    accepted = publish_many(broker, "news", 200)
    broker.deliveries("brisk", 200)
    assert sorted(ids(broker, "brisk")) == sorted(accepted)
    assert broker.status("stuck")["delivered"] == 0
    assert len(ids(broker, "stuck")) < 200
    never.set()
    broker.deliveries("stuck", 200)


def test_a_backlog_larger_than_what_memory_holds_is_delivered_once(
    start_broker: StartBroker,
) -> None:
    broker = start_broker([ProbeTrigger("flooded", delivery=QUICK)])
    gate = Event()
    broker.answer("flooded", Answer(after=gate))
    accepted = publish_many(broker, "flooded", 2_500)
    assert broker.status("flooded")["waiting"] == 2_500
    gate.set()
    broker.settle()
    assert sorted(ids(broker, "flooded")) == sorted(accepted)


def test_what_fails_without_a_sink_is_kept_under_its_trigger(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("hopeless", delivery=QUICK), ProbeTrigger("other")])
    broker.answer("hopeless", Answer(422))
    event = an_event("hopeless", correlationid="c-1")
    publish(broker, event)
    broker.settle()
    broker.kill()
    broker.start()
    broker.deliveries("hopeless", 2)  # once more at each start, for whoever mended it
    wait_until(lambda: broker.dead("hopeless")[0]["attempts"] == 2)
    [dead] = broker.dead("hopeless")
    assert dead["event"]["id"] == event.id
    assert dead["event"]["correlationid"] == "c-1"
    assert dead["subscriber"] == broker.subscriber_url("hopeless")
    assert (dead["reason"], dead["attempts"]) == ("answered 422", 2)
    assert dead["time"].endswith("Z")
    assert broker.dead() == [dead]
    assert broker.dead("other") == []
    assert broker.status("hopeless")["dead"] == 1


def test_what_the_sink_refuses_too_is_kept_with_both_reasons(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("hopeless", delivery=QUICK, sink="ref")])
    broker.answer("hopeless", Answer(503))
    broker.answer_as_sink("hopeless", Answer(400))
    publish(broker, an_event("hopeless"))
    broker.settle()
    [dead] = broker.dead("hopeless")
    sink = f"{broker.probe.url}/sink/hopeless"
    assert dead["reason"] == f"answered 503; then the dead letter sink {sink} answered 400"
    assert dead["attempts"] == 4


def test_what_waits_without_a_sink_is_delivered_once_the_subscriber_is_back(
    start_broker: StartBroker,
) -> None:
    broker = start_broker([ProbeTrigger("mended", delivery={"retry": 1, "timeout": "PT5S"})])
    broker.answer("mended", Answer(503), Answer(503), Answer(202))
    event = an_event("mended")
    publish(broker, event)
    wait_until(lambda: broker.status("mended")["dead"] == 1)
    broker.kill()
    broker.start()
    assert broker.deliveries("mended", 3)[-1].event.id == event.id
    wait_until(lambda: broker.status("mended")["delivered"] == 1)
    assert broker.dead() == []


def test_a_reply_to_what_waited_without_a_sink_comes_in(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("asks"), ProbeTrigger("says")])
    headers, data = write_binary(an_event("says"))
    broker.answer("asks", Answer(422), Answer(200, headers, data))
    publish(broker, an_event("asks"))
    wait_until(lambda: broker.status("asks")["dead"] == 1)
    broker.kill()
    broker.start()
    broker.deliveries("says", 1)
    assert broker.status("asks")["delivered"] == 1


def test_what_the_sink_refused_goes_to_it_at_the_next_start(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("hopeless", delivery=QUICK, sink="ref")])
    broker.answer("hopeless", Answer(422, body=b"no"))
    broker.answer_as_sink("hopeless", Answer(400), Answer(202))
    event = an_event("hopeless")
    publish(broker, event)
    wait_until(lambda: broker.status("hopeless")["dead"] == 1)
    broker.kill()
    broker.start()
    letter = broker.dead_letters("hopeless", 2)[-1]
    assert (letter.event.id, letter.event.data) == (event.id, event.data)
    assert letter.event.extensions["knativeerrorcode"] == "422"
    wait_until(lambda: broker.status("hopeless")["dead_lettered"] == 1)
    assert broker.dead() == []
    assert len(broker.deliveries("hopeless")) == 1


def test_a_stop_lets_the_delivery_under_way_end_and_takes_nothing_in(
    start_broker: StartBroker,
) -> None:
    broker = start_broker([ProbeTrigger("slow", delivery=QUICK)])
    gate = Event()
    broker.answer("slow", Answer(after=gate))
    publish(broker, an_event("slow"))
    broker.deliveries("slow", 1)
    broker.terminate()
    wait_until(lambda: publish(broker, an_event("slow")) == 503)
    gate.set()
    assert broker.process.wait(20) == 0
    broker.start()
    broker.settle()
    assert len(broker.deliveries("slow")) == 1
    assert broker.status("slow")["delivered"] == 1


def test_log_lines_tell_what_happened_and_never_the_data(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("told", delivery=QUICK)])
    broker.answer("told", Answer(503), Answer(202))
    publish(broker, an_event("told", correlationid="c-1"))
    broker.settle()
    wait_until(lambda: len(lines_of(broker, "delivery")) == 2)
    [taken] = lines_of(broker, "event")
    assert (taken["type"], taken["correlationid"], taken["triggers"]) == ("told", "c-1", ["told"])
    again, done = lines_of(broker, "delivery")
    assert (again["outcome"], again["reason"], again["attempt"]) == (
        "to be retried",
        "answered 503",
        1,
    )
    assert (done["outcome"], done["trigger"], done["attempt"]) == ("delivered", "told", 2)
    assert done["duration"] >= 0
    assert not [line for line in broker.log_lines() if '"of"' in str(line)]


def test_a_reply_is_told_as_an_event_taken_in(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("asks"), ProbeTrigger("says")])
    headers, data = write_binary(an_event("says"))
    broker.answer("asks", Answer(200, headers, data))
    publish(broker, an_event("asks"))
    broker.deliveries("says", 1)
    wait_until(lambda: len(lines_of(broker, "event")) == 2)
    assert [line["type"] for line in lines_of(broker, "event")] == ["asks", "says"]


def test_a_watcher_sees_events_and_replies_and_hears_of_the_end(start_broker: StartBroker) -> None:
    broker = start_broker([ProbeTrigger("asks"), ProbeTrigger("says")])
    headers, data = write_binary(an_event("says"))
    broker.answer("asks", Answer(200, headers, data))
    with urlopen(f"{broker.url}/watch", timeout=20) as watching:  # noqa: S310 - on this machine
        publish(broker, an_event("asks"))
        seen = [json.loads(watching.readline()) for _ in range(2)]
        assert [(each["event"]["type"], each["triggers"]) for each in seen] == [
            ("asks", ["asks"]),
            ("says", ["says"]),
        ]
        assert not any("data" in each["event"] for each in seen)
        broker.terminate()
        assert watching.read().strip() == b""
    assert broker.process.wait(20) == 0


def lines_of(broker: LocalBroker, event: str) -> list[dict[str, Any]]:
    """The log lines of this kind."""
    return [line for line in broker.log_lines() if line["event"] == event]
