"""What the description of the public API allows as an answer: changes with how OpenAPI says it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema_rs import Draft202012Validator

FILE = Path(__file__).parents[1] / "web" / "public" / "openapi.json"
METHODS = ("get", "post", "patch", "delete")


class Answered(NamedTuple):
    """An answer as it came; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Description:
    """An OpenAPI document, asked about operations and answers."""

    document: Mapping[str, Any]

    @classmethod
    @cache
    def read(cls) -> "Description":
        """The one that the ingress serves."""
        return cls(json.loads(FILE.read_text("utf-8")))

    def operations(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        """By method and path, as in `("POST", "/posts/{id}/comments")`."""
        return {
            (method.upper(), path): item[method]
            for path, item in self.document["paths"].items()
            for method in METHODS
            if method in item
        }

    def follow(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the node refers to, or the node itself."""
        for name in node.get("$ref", "").split("/")[1:]:
            node = self.document[name] if name == "components" else node[name]
        return node

    def check(self, method: str, path: str, answer: Answered) -> None:
        """AssertionError unless the description allows the answer at `path` (without /api)."""
        where = f"{method} {path[:100]}: {answer.status} {answer.body[:300]!r}"
        responses = self._operation("GET" if method == "HEAD" else method, path)["responses"]
        assert str(answer.status) in responses, f"not described: {where}"
        response = self.follow(responses[str(answer.status)])
        for name, node in response.get("headers", {}).items():
            self._check_header(name, self.follow(node), answer, where)
        if method != "HEAD":
            self._check_body(response.get("content", {}), answer, where)

    def _operation(self, method: str, path: str) -> Mapping[str, Any]:
        found = [
            operation
            for (described, template), operation in self.operations().items()
            if described == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path)
        ]
        assert len(found) == 1, f"not described: {method} {path[:100]}"
        return found[0]

    def _check_header(
        self, name: str, described: Mapping[str, Any], answer: Answered, where: str
    ) -> None:
        value = answer.headers.get(name.lower())
        assert value is not None or not described.get("required"), f"no {name}: {where}"
        if value is not None and described["schema"]["type"] == "string":
            pattern = described["schema"].get("pattern", "")
            assert re.search(pattern, value), f"{name} {value}: {where}"

    def _check_body(self, content: Mapping[str, Any], answer: Answered, where: str) -> None:
        if not content:
            assert answer.body == b"", where
            return
        media_type = answer.headers["content-type"].partition(";")[0]
        assert media_type in content, f"{media_type}: {where}"
        if media_type.endswith("json"):
            faults = self._faults(content[media_type]["schema"], json.loads(answer.body))
            assert not faults, f"{faults}: {where}"

    def _faults(self, schema: Mapping[str, Any], value: object) -> list[str]:
        whole = {**schema, "components": self.document["components"]}
        return [str(error.message) for error in Draft202012Validator(whole).iter_errors(value)]


def lowered(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by their names in lower case."""
    return {name.lower(): value for name, value in headers}
