"""A deployed blog, and when its parts sleep: changes with what tests must know of one."""

import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cronsim import CronSim

from broker.cluster.kubectl import Object, every, get
from broker.cluster.status import pods
from tests.e2e.site import Site

NAMESPACE = "blog"
MIN_SCALE = "autoscaling.knative.dev/min-scale"
ASLEEP_WITHIN = 420.0  # seconds: a ping may come while the stable window of 60 s runs


@dataclass(frozen=True, slots=True)
class Deployed:
    """The blog in the cluster of kubectl, at a public address; `say` tells of what takes long."""

    url: str
    host: str | None
    say: Callable[[str], None]

    def site(self) -> Site:
        """The public door, with the author's token out of its Secret."""
        token = get("secret", "author", NAMESPACE)["data"]["token"]
        return Site(self.url, self.host, b64decode(token).decode())

    def awake(self) -> Counter[str]:
        """How many pods each Service has that may sleep; those without any are left out."""
        may_sleep = self.sleepers()
        return Counter({name: n for name, n in pods(NAMESPACE).items() if name in may_sleep})

    def sleepers(self) -> set[str]:
        """The Services without a lower bound of pods."""
        return {
            service["metadata"]["name"]
            for service in every("services.serving.knative.dev", NAMESPACE)
            if int(_annotations(service).get(MIN_SCALE, 0)) == 0
        }

    def asleep(self, undisturbed: float = 0.0) -> None:
        """Return once no Service has a pod, and no ping comes for so many seconds."""
        deadline, told = time.monotonic() + ASLEEP_WITHIN + undisturbed, ""
        while (awake := self.awake()) or until_next_ping() < undisturbed:
            assert time.monotonic() < deadline, f"still awake: {dict(awake)}"
            now = f"waiting for sleep: {', '.join(sorted(awake)) or 'a ping is near'}"
            if now != told:
                self.say(now)
            told = now
            time.sleep(1)


def until_next_ping() -> float:
    """Seconds until a PingSource wakes a function."""
    now = datetime.now(UTC)
    schedules = [ping["spec"]["schedule"] for ping in every("pingsources", NAMESPACE)]
    nexts = [next(CronSim(schedule, now)) for schedule in schedules]
    return min(((each - now).total_seconds() for each in nexts), default=float("inf"))


def _annotations(service: Object) -> dict[str, str]:
    found: dict[str, str] = service["spec"]["template"].get("metadata", {}).get("annotations", {})
    return found
