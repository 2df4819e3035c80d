"""Reads a text file exactly: changes when another encoding or a new way to fail is met."""

from codecs import BOM_UTF8
from pathlib import Path


class Fault(Exception):
    """A file or a row that cannot be loaded: what it is, what is wrong, what to do."""


def read_text(path: Path) -> str:
    """Every character of a UTF-8 file, line ends as they are; a byte order mark is no character."""
    try:
        data = path.read_bytes().removeprefix(BOM_UTF8)
        return data.decode("utf-8")
    except OSError as error:
        raise Fault(f"{path.name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = error.object[error.start]
        raise Fault(
            f"{path.name}, line {line}: not UTF-8 (byte 0x{byte:02x}): save the file as UTF-8"
        ) from None
