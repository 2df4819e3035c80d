"""How a verb reaches the parts of a running blog over HTTP; changes when that does."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import click

from broker.cluster.forward import NAMES, reached

ANSWER_WITHIN = 300.0  # seconds; a subscriber may start cold, and its reply go through the broker

PORT = click.IntRange(1, 65_535)
broker_port = click.option(
    "--broker-port",
    type=PORT,
    envvar="BROKER_PORT",
    default=8090,
    show_default=True,
    show_envvar=True,
    help="Where the broker listens.",
)


LOCALLY = "start the blog with `make run`, or name its ports as it was started with them"
DEPLOYED = "see `blog --cluster status`"

Answered = HTTPResponse | HTTPError


# All that is asked is on this machine; a proxy that the environment names would look elsewhere.
_open = build_opener(ProxyHandler({})).open


class NotDone(click.ClickException):
    """What was asked for was refused, or could not be asked."""


class CannotTell(click.ClickException):
    """What was asked about could not be found out, so it may be well or not."""

    exit_code = 2


class NoAnswer(NotDone):
    """Nothing answers there; `reason` says why in a few words."""

    def __init__(self, where: str, reason: Exception, remedy: str) -> None:
        self.reason = _in_words(reason)
        super().__init__(f"nothing answers at {where} ({self.reason}): {remedy}")


def _in_words(error: Exception) -> str:
    """`Connection refused` rather than `<urlopen error [Errno 111] Connection refused>`."""
    cause = error.reason if isinstance(error, URLError) else error
    return (cause.strerror if isinstance(cause, OSError) else None) or str(cause)


@contextmanager
def answer(
    url: str,
    method: str = "GET",
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    within: float = ANSWER_WITHIN,
) -> Iterator[Answered]:
    """What is answered there, whatever its status; NoAnswer when there is none, or no end of it.

    A URL with a name of the cluster leads there, through kubectl.
    """
    asked = Request(url, body, dict(headers or {}), method=method)  # noqa: S310 - on this machine
    name, remedy = asked.host, LOCALLY
    if name.endswith(NAMES):
        asked.add_header("Host", name)
        asked.host, remedy = reached(name), DEPLOYED
    try:
        try:
            answered = _open(asked, timeout=within)
        except HTTPError as refusal:
            answered = refusal
        with answered:
            yield answered
    except (OSError, HTTPException) as error:
        raise NoAnswer(f"http://{name}", error, remedy) from None


def in_cluster() -> bool:
    """Whether the verb was asked to work on the cluster's blog."""
    return bool(click.get_current_context().find_root().params.get("cluster"))


def refuses(answered: Answered) -> bool:
    """Whether what was asked for was not done."""
    return not 200 <= (answered.status or 0) < 300


def ask(method: str, url: str, document: object = None) -> Any:
    """The JSON of the answer; NotDone when it is a refusal."""
    body = None if document is None else json.dumps(document).encode()
    headers = {"Content-Type": "application/json"}
    with answer(url, method, body=body, headers=headers) as answered:
        if refuses(answered):
            raise NotDone(_problem(answered.read(), f"{url} answered {answered.status}"))
        try:
            return json.load(answered)
        except ValueError:
            raise NotDone(f"{url} answered something that is no JSON") from None


def _problem(body: bytes, otherwise: str) -> str:
    """What a problem answer says, every fault included."""
    try:
        problem = json.loads(body)
        faults = [fault["detail"] for fault in problem.get("errors", ())]
        said = filter(None, [problem.get("said")])
        return "; ".join([problem["detail"], *faults, *said])
    except (ValueError, KeyError, TypeError):
        return otherwise
