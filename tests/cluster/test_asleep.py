"""Everything is at zero when nobody reads, and a reader wakes only what reading needs."""

import time

from tests.cluster.deployed import Deployed
from tests.waiting import until

READING = {"query", "web"}
LATER = 15.0  # seconds in which whatever else a read woke would have shown itself


def test_a_read_wakes_query_and_web_alone_and_all_sleep_again(cluster: Deployed) -> None:
    cluster.asleep(undisturbed=LATER + 30)
    site, begin = cluster.site(), time.monotonic()
    assert site.ask("GET", "/api/posts").status == 200
    cluster.say(f"the first read, all asleep: {time.monotonic() - begin:.2f} s")
    woken = cluster.sleepers() & READING
    until(lambda: cluster.awake().keys() == woken)
    end = time.monotonic() + LATER
    while time.monotonic() < end:
        assert cluster.awake().keys() <= woken
        time.sleep(1)
    cluster.asleep()
    cluster.say(f"all asleep again {time.monotonic() - begin:.0f} s after it")
