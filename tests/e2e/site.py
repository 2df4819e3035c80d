"""A blog's public door, wherever it runs; changes with how tests ask through it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

WITHIN = 60.0  # seconds for one answer: everything behind the door may be asleep


@dataclass(frozen=True, slots=True)
class Answered:
    """Status, headers in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Site:
    """A blog at `url` and its author's token; requests carry `host` where DNS does not know it."""

    url: str
    host: str | None
    token: str
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(timeout=WITHIN))

    def ask(
        self,
        method: str,
        path: str,
        document: object = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Send one request, once."""
        sent = {"Host": self.host} if self.host else {}
        body = None if document is None else json.dumps(document)
        sent |= {} if body is None else {"Content-Type": "application/json"}
        answer = self.http.request(
            method, self.url.rstrip("/") + path, body, headers={**sent, **(headers or {})},
            retries=False,
        )  # fmt: skip
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Answered(answer.status, named, answer.data)

    def author(self, method: str, path: str, document: object = None) -> Answered:
        """Send one request as the author."""
        return self.ask(method, path, document, headers={"Authorization": f"Bearer {self.token}"})
