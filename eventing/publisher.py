"""Publishing one event to the broker over HTTP, in binary mode."""

import json
from collections.abc import Mapping

import urllib3

from eventing.cloudevent import CloudEvent, write_binary
from eventing.settings import Misconfigured

CONNECT_TIMEOUT = 5.0  # seconds
ANSWER_TIMEOUT = 200.0  # seconds; Knative's default broker answers after the whole chain


class PublishFailed(Exception):
    """Nobody knows whether the broker has the event: publish the same one again."""


class InvalidOverrides(Misconfigured):
    """K_CE_OVERRIDES is no JSON object with `extensions`."""


class Publisher:
    """Sends events to the `sink`; `overrides` is the text of K_CE_OVERRIDES."""

    def __init__(self, sink: str, overrides: str = "", *, connections: int = 32) -> None:
        self._sink = sink
        self._extensions = _extensions(overrides)
        self._http = urllib3.PoolManager(
            maxsize=connections,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=ANSWER_TIMEOUT),
        )

    def publish(self, event: CloudEvent) -> None:
        """Return when the broker has taken the event in; PublishFailed otherwise."""
        headers, body = write_binary(event.with_extensions(**self._extensions))
        try:
            answer = self._http.request("POST", self._sink, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise PublishFailed(f"{self._sink}: {type(error).__name__}") from error
        if not 200 <= answer.status < 300:
            raise PublishFailed(f"{self._sink} answered {answer.status}")


def _extensions(overrides: str) -> Mapping[str, str]:
    if not overrides.strip():
        return {}
    try:
        extensions = json.loads(overrides).get("extensions", {})
        return {str(name): str(value) for name, value in extensions.items()}
    except (ValueError, AttributeError):
        raise InvalidOverrides(f"K_CE_OVERRIDES is {overrides!r}") from None
