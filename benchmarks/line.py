"""Plain HTTP over one kept connection: changes with how a single request is timed."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple

_JSON = {"Content-Type": "application/json"}


class Answer(NamedTuple):
    """A status, the headers by their names in lower case, and the JSON document."""

    status: int
    headers: Mapping[str, str]
    document: Any


class Line:
    """A connection to a port of this machine; the library with the least of its own to time."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method: str, path: str, document: object = None) -> Answer:
        """One request; a connection that the other side has left meanwhile is made anew."""
        body = None if document is None else json.dumps(document)
        try:
            return self._once(method, path, body)
        except ConnectionError:
            self._connection.close()
            return self._once(method, path, body)

    def _once(self, method: str, path: str, body: str | None) -> Answer:
        self._connection.request(method, path, body, _JSON if body else {})
        answer = self._connection.getresponse()
        text = answer.read()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        is_json = headers.get("content-type", "").startswith("application/json")
        return Answer(answer.status, headers, json.loads(text) if is_json else None)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def answers(port: int, path: str) -> bool:
    """Whether `GET path` is answered with 200 now."""
    line = Line(port)
    try:
        return line.ask("GET", path).status == 200
    except (OSError, HTTPException):
        return False
    finally:
        line.close()
