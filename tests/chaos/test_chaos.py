"""The promise of this blog: what was accepted is there, once, whatever dies meanwhile."""

import asyncio
import secrets
from pathlib import Path

import click
import pytest

from tests.chaos.chaos import run
from tests.chaos.form import Form, Store

FORMS = {
    "two of each function on PostgreSQL": (Store.POSTGRES, 2, 200),
    "two of each function on SQLite": (Store.SQLITE, 2, 150),
}


@pytest.mark.parametrize("name", FORMS)
def test_what_was_accepted_is_there_once_whatever_was_killed(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store, copies, writes = FORMS[name]
    if store is Store.POSTGRES:
        request.getfixturevalue("postgres")  # skips where there is none
    form = Form(writes=writes, seed=secrets.randbelow(2**31), store=store, copies=copies)

    report = asyncio.run(run(form, tmp_path))

    click.echo(report)
    assert report.complaints == [], report
    assert report.accepted >= writes
    assert min(report.kills.values()) > 0, report
    assert min(report.redeliveries, report.absorbed) > 0, report
