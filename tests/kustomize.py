"""Manifests as kubectl makes them, and what the types of Kubernetes and Knative say of them."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
KNATIVE = ROOT / "knative"
CHECK = ROOT / "tests" / "schemas" / "check.mjs"

Document = dict[str, Any]
Errors = Mapping[str, list[str]]


def missing(what: str) -> None:
    """A missing tool skips, with one line that names it; under CI it fails."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


def built(folder: Path) -> list[Document]:
    """The documents of a kustomization."""
    if not shutil.which("kubectl"):
        missing("kubectl is missing: install it")
    run = subprocess.run(
        ["kubectl", "kustomize", folder], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    documents = list(yaml.safe_load_all(run.stdout))
    for each in documents:
        if each["kind"] == "Secret":  # kustomize breaks the lines of base64, which the types refuse
            each["data"] = {key: "".join(value.split()) for key, value in each["data"].items()}
    return documents


def schema_errors(objects: Mapping[str, Document]) -> Errors:
    """What the types say of each object, by its label."""
    if not shutil.which("node"):
        missing("node is missing: install Node.js 20 or newer")
    if not (CHECK.parent / "node_modules").is_dir():
        missing("tests/schemas/node_modules is missing: run npm ci --prefix tests/schemas")
    run = subprocess.run(
        ["node", CHECK],
        input=json.dumps(objects),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: Errors = json.loads(run.stdout)
    return found


def named(documents: list[Document]) -> dict[str, Document]:
    """Each by its version, kind and name."""
    return {
        f"{each['apiVersion']} {each['kind']} {each['metadata']['name']}": each
        for each in documents
    }
