"""Reading the members of a JSON object, so that the caller is told every fault at once."""

from collections.abc import Mapping

from eventing.problem import Fault, Invalid
from eventing.text import is_storable


class Fields:
    """The members of `document`; what is wrong is collected until `check`."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document
        self._faults: list[Fault] = []

    def has(self, name: str) -> bool:
        """Whether the member is there, null included."""
        return name in self._document

    def text(self, name: str, default: str = "") -> str:
        """A text that can be kept; `default` stands in for one that is absent or wrong."""
        value = self._document.get(name, default)
        if not isinstance(value, str):
            self.fault(name, "must be a string")
            return default
        if not is_storable(value):
            self.fault(name, "must have neither NUL nor a lone surrogate")
            return default
        return value

    def fault(self, name: str, detail: str) -> None:
        """Note what is wrong with a member."""
        if all(fault.pointer != f"#/{name}" for fault in self._faults):
            self._faults.append(Fault(f"#/{name}", detail))

    def check(self) -> None:
        """Raise Invalid when anything was wrong."""
        if self._faults:
            raise Invalid(self._faults)
