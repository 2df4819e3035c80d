"""Calls of kubectl, in the cluster that it points to; changes with how kubectl is called."""

import json
import subprocess
from typing import Any

import click

MISSING = "kubectl is missing: install it, and point it to the cluster (KUBECONFIG)"

Object = dict[str, Any]


class ClusterRefused(click.ClickException):
    """The cluster, or kubectl, did not do what was asked."""


def kubectl(*arguments: str, given: object = None) -> str:
    """What kubectl prints; `given` goes to its standard input as JSON. Raises ClusterRefused."""
    text = None if given is None else json.dumps(given)
    try:
        done = subprocess.run(  # noqa: S603 - arguments are no shell's
            ["kubectl", *arguments],  # noqa: S607 - the one that its user uses
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise ClusterRefused(MISSING) from None
    if done.returncode != 0:
        raise ClusterRefused(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def get(kind: str, name: str, namespace: str) -> Object:
    """One object. Raises ClusterRefused."""
    found: Object = json.loads(kubectl("get", kind, name, "-n", namespace, "-o", "json"))
    return found


def every(kinds: str, namespace: str) -> list[Object]:
    """All objects of a kind, or of several with commas between, in a namespace; ClusterRefused."""
    found: list[Object] = json.loads(kubectl("get", kinds, "-n", namespace, "-o", "json"))["items"]
    return found
