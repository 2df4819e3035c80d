"""The JSON Schemas of the published language: written for others to read, from the code that reads.

`python -m functions.schemas docs/events` writes them anew.
"""

import json
import sys
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from functions.events import EVENT_TYPES, EventType

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(kind: EventType) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the data of one kind of event; `dataschema` is its `$id`."""
    described = msgspec.json.schema(kind.data)
    for definition in described["$defs"].values():
        definition["description"] = cleandoc(definition["description"])
    return {"$schema": DIALECT, "$id": kind.dataschema, "title": kind.type, **described}


def files() -> dict[str, str]:
    """Each schema as it is on disk, by the name of its file."""
    return {
        f"{kind.type}.json": json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"
        for kind in EVENT_TYPES
    }


if __name__ == "__main__":
    for name, text in files().items():
        (Path(sys.argv[1]) / name).write_text(text, "utf-8")
