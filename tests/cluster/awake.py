"""Measures for how much of a while each Service has a pod: `python -m tests.cluster.awake 3600`."""

import sys
import time
from collections import defaultdict
from collections.abc import Mapping

from broker.cluster.status import pods
from tests.cluster.deployed import NAMESPACE

ANY = "anything"
EVERY = 1.0  # second


def shares(seconds: float) -> Mapping[str, float]:
    """The share of the next `seconds` in which each Service, and any of them, had a pod."""
    begin = last = time.monotonic()
    spans: defaultdict[str, float] = defaultdict(float)
    while last - begin < seconds:
        time.sleep(EVERY)
        awake, now = set(pods(NAMESPACE)), time.monotonic()
        for name in awake | ({ANY} if awake else set()):
            spans[name] += now - last
        last = now
    return {name: span / (last - begin) for name, span in spans.items()}


if __name__ == "__main__":
    for name, share in shares(float(sys.argv[1])).items():
        print(f"{name:<14} {share:6.1%}")  # noqa: T201 - its purpose
