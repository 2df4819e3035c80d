"""Events that the broker keeps and delivers to three Triggers, as its log grows."""

import time
from functools import partial

from benchmarks import eventlog
from benchmarks.bench import Bench
from benchmarks.eventlog import Broker
from benchmarks.results import Curve, Figure
from benchmarks.spread import spread


def growth(bench: Bench) -> None:
    """At each size of the log the same load; the first and the last size are figures."""
    space = bench.space("events")
    points, found = [], []
    with eventlog.sink(space) as sink_url:
        for waiting in bench.form.log:
            bench.say(f"deliver events while {waiting} others wait in the log")
            eventlog.fill(space, waiting)
            with eventlog.broker(space, sink_url) as broker:
                found.append(bench.in_turns([partial(_take, bench, broker)])["events"])
            points.append((float(waiting), spread(found[-1]).median))
    bench.keep("broker", Figure(unit="events/s", rounds=found[0]))
    if len(found) > 1:
        bench.keep("broker-grown", Figure(unit="events/s", rounds=found[-1]))
        bench.keep("broker-flat", Figure(unit="events/s", rounds=found[-1], beside=found[0]))
        bench.draw("events", Curve("events in the log", "events/s", {"three Triggers": points}))


def _take(bench: Bench, broker: Broker) -> dict[str, float]:
    """Events a second, counted until the last one has been delivered to all three."""
    began = time.time()
    load = bench.wrk.fire(broker.events, bench.form.seconds)
    return {"events": load.requests / (broker.wait() - began)}
