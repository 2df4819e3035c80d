"""How a manifest that cannot be obeyed is reported; changes when that report's form does."""

import re
from dataclasses import dataclass

import msgspec

_AT = re.compile(r"(?P<problem>.*?)(?: - at (?:`key` in )?`\$\.?(?P<path>.*)`)?")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_UNOBEYED = "the local platform cannot obey it: remove it, or correct its spelling"


class ManifestError(Exception):
    """A manifest cannot be obeyed; the text names file, object and field, and the remedy."""


@dataclass(frozen=True, slots=True)
class Place:
    """The object that a check is about: its file, kind and name."""

    file: str
    kind: str
    name: str

    def error(self, field: str, problem: str) -> ManifestError:
        """The error about one field of this object."""
        return ManifestError(f"{self}: {field}: {problem}")

    def __str__(self) -> str:
        return f"{self.file}: {self.kind} {self.name}"


def explain(error: msgspec.ValidationError) -> tuple[str, str]:
    """The field that a validation error speaks of, and the problem, with a remedy where known."""
    match = _AT.fullmatch(str(error))
    problem, path = (match["problem"], match["path"]) if match else (str(error), None)
    if unknown := _UNKNOWN.fullmatch(problem):
        return _join(path, unknown[1]), _UNOBEYED
    if missing := _MISSING.fullmatch(problem):
        return _join(path, missing[1]), "is missing: add it"
    return path or "the document", problem


def _join(path: str | None, field: str) -> str:
    return f"{path}.{field}" if path else field
