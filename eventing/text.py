"""Which text can be kept and sent: any Unicode but NUL and lone surrogates."""

import re

_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


def is_storable(value: object) -> bool:
    """Whether every text in a JSON value, names of members included, can be kept."""
    match value:
        case str():
            return _FORBIDDEN.search(value) is None
        case list():
            return all(is_storable(item) for item in value)
        case dict():
            return all(is_storable(name) and is_storable(item) for name, item in value.items())
        case _:
            return True
