"""How a manifest that cannot be obeyed is reported; changes when that report's form does."""

from dataclasses import dataclass


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
