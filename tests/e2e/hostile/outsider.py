"""Somebody at the public door, who believes no answer: changes with how the blog is asked."""

import json
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from tests.description import Answered, Description, lowered
from tests.e2e.running import eventually

TOKEN = "not-to-be-guessed"  # noqa: S105 - the author's, in these tests
AUTHOR = {"Authorization": f"Bearer {TOKEN}"}
API = Description.read()

Headers = Mapping[str, str | bytes]


@dataclass(frozen=True)
class Outsider:
    """Asks through the ingress."""

    port: int

    def ask(
        self, method: str, path: str, body: object = None, headers: Headers | None = None
    ) -> Answered:
        """The answer, whatever it is; a body that is no bytes is sent as JSON."""
        given: dict[str, str | bytes] = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            with suppress(BrokenPipeError):  # refused before all of it was sent
                connection.request(method, f"/api{path}", body, given)
            return read(connection.getresponse())

    def described(
        self, method: str, path: str, body: object = None, headers: Headers | None = None
    ) -> Answered:
        """An answer that the description allows."""
        answer = self.ask(method, path, body, headers)
        API.check(method, path.partition("?")[0], answer)
        return answer

    def write_post(self, title: str = "A post", body: str = "") -> str:
        """The id of a new post that everybody knows of."""
        answer = self.described("POST", "/posts", {"title": title, "body": body}, AUTHOR)
        assert answer.status == 201, answer
        identifier: str = document(answer)["id"]
        self.write_comment(identifier, "known")
        eventually(lambda: self.ask("GET", f"/posts/{identifier}").status == 200)
        return identifier

    def write_comment(self, post: str, content: str) -> str:
        """The id of a new comment."""
        answer: list[Answered] = []

        def written() -> bool:
            path = f"/posts/{post}/comments"
            answer[:] = [self.described("POST", path, {"content": content})]
            return answer[0].status == 201

        eventually(written)
        identifier: str = document(answer[0])["id"]
        return identifier


def read(response: HTTPResponse) -> Answered:
    """An answer as it came."""
    return Answered(response.status, lowered(response.getheaders()), response.read())


def document(answer: Answered) -> Any:
    """The JSON in an answer."""
    return json.loads(answer.body)


def is_problem(answer: Answered) -> bool:
    """Whether the answer refuses, and says so as RFC 9457 has it."""
    return (
        400 <= answer.status < 500
        and answer.headers["content-type"] == "application/problem+json"
        and document(answer)["status"] == answer.status
    )


def broker_status(port: int) -> Any:
    """What the broker says of its Triggers."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET", "/status")
        return json.loads(connection.getresponse().read())
