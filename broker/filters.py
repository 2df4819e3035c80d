"""Which events a Trigger lets through; changes when Knative's filter dialects change.

The old `filter.attributes` and the new `filters` behave as Knative's broker does
(knative/eventing `pkg/eventfilter`). What Knative would skip with a warning, or would compare
after rewriting the value, is refused here instead.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from eventing.cloudevent import CloudEvent

Filter = Callable[[CloudEvent], bool]
Compare = Callable[[str, str], bool]

_NAME = re.compile(r"[a-z][a-z0-9]*")
# Knative hands out these under another name, or rewritten, before it compares them.
_REWRITTEN = frozenset({"time", "schemaurl", "datamediatype", "datacontentencoding"})

_COMPARE: Mapping[str, Compare] = {
    "exact": str.__eq__,
    "prefix": str.startswith,
    "suffix": str.endswith,
}
_DIALECTS = (*_COMPARE, "all", "any", "not", "cesql")


class FilterError(ValueError):
    """A filter that cannot be obeyed: `field` is its path, `problem` says why and what to do."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def compile_filter(attributes: object = None, filters: object = None) -> Filter:
    """The filter of a Trigger with this `spec.filter.attributes` and these `spec.filters`.

    `filters` wins where both are given; an empty list counts as none; with neither, every event
    passes. Both are checked. Raises FilterError.
    """
    by_attributes = _attributes({} if attributes is None else attributes)
    by_filters = _every(_items([] if filters is None else filters, "spec.filters"))
    return by_filters if filters else by_attributes


def _attributes(wanted: object) -> Filter:
    pairs = _pairs(wanted, "spec.filter.attributes")

    def passes(event: CloudEvent) -> bool:
        attributes = event.attributes()
        return all(_equals_or_any(attributes.get(name), value) for name, value in pairs.items())

    return passes


def _equals_or_any(actual: str | None, wanted: str) -> bool:
    """An empty `wanted` lets any value through, but the event must carry one."""
    return bool(actual) if wanted == "" else actual == wanted


def _items(filters: object, field: str) -> list[Filter]:
    if not isinstance(filters, Sequence) or isinstance(filters, str):
        raise FilterError(field, "must be a list of filters, each `- dialect: ...`")
    return [_item(item, f"{field}[{index}]") for index, item in enumerate(filters)]


def _item(item: object, field: str) -> Filter:
    if not isinstance(item, Mapping) or len(item) != 1:
        raise FilterError(field, f"must hold one dialect ({', '.join(_DIALECTS)}) and no more")
    [(dialect, value)] = item.items()
    field = f"{field}.{dialect}"
    if dialect in _COMPARE:
        return _comparison(_COMPARE[dialect], _filled(value, field))
    if dialect in ("all", "any"):
        return _combination(dialect, value, field)
    if dialect == "not":
        return _inverse(_item(value, field))
    if dialect == "cesql":
        raise FilterError(field, "the local broker does not read CESQL: use another dialect")
    raise FilterError(field, f"is no dialect: use one of {', '.join(_DIALECTS)}")


def _combination(dialect: str, value: object, field: str) -> Filter:
    parts = _items(value, field)
    if not parts:
        raise FilterError(field, "must hold at least one filter")
    return _every(parts) if dialect == "all" else _some(parts)


def _comparison(compare: Compare, pairs: Mapping[str, str]) -> Filter:
    def passes(event: CloudEvent) -> bool:
        attributes = event.attributes()
        return all(compare(attributes.get(name, ""), value) for name, value in pairs.items())

    return passes


def _every(parts: Sequence[Filter]) -> Filter:
    return lambda event: all(part(event) for part in parts)


def _some(parts: Sequence[Filter]) -> Filter:
    return lambda event: any(part(event) for part in parts)


def _inverse(part: Filter) -> Filter:
    return lambda event: not part(event)


def _filled(value: object, field: str) -> dict[str, str]:
    """The pairs of a dialect that compares: at least one, none with an empty value."""
    pairs = _pairs(value, field)
    if not pairs:
        raise FilterError(field, "must name at least one attribute")
    for name, text in pairs.items():
        if text == "":
            raise FilterError(f"{field}.{name}", "must not be empty: Knative would ignore it")
    return pairs


def _pairs(value: object, field: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise FilterError(field, "must be a mapping of attribute names to values")
    return {str(name): _value(str(name), text, field) for name, text in value.items()}


def _value(name: str, text: object, field: str) -> str:
    field = f"{field}.{name}"
    if not _NAME.fullmatch(name):
        raise FilterError(field, "an attribute name has lower-case letters and digits only")
    if name in _REWRITTEN:
        raise FilterError(field, "the local broker does not compare it: use another attribute")
    if not isinstance(text, str):
        raise FilterError(field, "must be a string: put it in quotes")
    return text
