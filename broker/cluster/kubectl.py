"""Calls of kubectl, in the cluster that it points to; changes with how kubectl is called."""

import json
import re
import subprocess
from typing import Any

import click

MISSING = "kubectl is missing: install it, and point it to the cluster (KUBECONFIG)"

LOOK_WITHIN = 30.0  # seconds; a cluster that is out of reach is tried for minutes by kubectl
# Of kubectl's own log, which comes before what it has to say.
_LOG_LINE = re.compile(r"^[EFIW]\d{4} .*\n?", re.MULTILINE)

Object = dict[str, Any]


class ClusterRefused(click.ClickException):
    """The cluster, or kubectl, did not do what was asked."""


def kubectl(*arguments: str, given: object = None, within: float | None = None) -> str:
    """What kubectl prints; `given` goes to its standard input as JSON. Raises ClusterRefused."""
    text = None if given is None else json.dumps(given)
    try:
        done = subprocess.run(  # noqa: S603 - arguments are no shell's
            ["kubectl", *arguments],  # noqa: S607 - the one that its user uses
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=within,
        )
    except FileNotFoundError:
        raise ClusterRefused(MISSING) from None
    except subprocess.TimeoutExpired:
        why = f"nothing within {within:.0f} s: see whether the cluster can be reached"
        raise ClusterRefused(f"kubectl {' '.join(arguments)}: {why}") from None
    if done.returncode != 0:
        said = _LOG_LINE.sub("", done.stderr).strip() or done.stderr.strip()
        raise ClusterRefused(f"kubectl {' '.join(arguments)}: {said}")
    return done.stdout


def get(kind: str, name: str, namespace: str) -> Object:
    """One object. Raises ClusterRefused."""
    return _look(kind, name, namespace=namespace)


def every(kinds: str, namespace: str) -> list[Object]:
    """All objects of a kind, or of several with commas between, in a namespace; ClusterRefused."""
    found: list[Object] = _look(kinds, namespace=namespace)["items"]
    return found


def _look(*what: str, namespace: str) -> Object:
    asked = ("get", *what, "-n", namespace, "-o", "json")
    found: Object = json.loads(kubectl(*asked, within=LOOK_WITHIN))
    return found
