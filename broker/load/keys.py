"""Gives every file and row the Idempotency-Key that makes a load safe to repeat.

Changes when what counts as "the same file" does.
"""

import os
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

LONGEST = 255


def key_of(file: Path, row: int | None = None) -> str:
    """The key of a post's file, or of a row of a CSV file: visible ASCII.

    The folder's name is in it, so that `drafts/a.md` and `posts/a.md` are two posts; where the
    folder stands is not, so that a copy of it elsewhere is not loaded again.
    """
    name = quote(os.fsencode(f"{file.parent.resolve().name}/{file.name}"))
    suffix = "" if row is None else f":{row}"
    key = f"load:{name}{suffix}"
    return key if len(key) <= LONGEST else f"load:sha256:{_digest(name)}{suffix}"


def _digest(name: str) -> str:
    return sha256(name.encode("ascii")).hexdigest()
