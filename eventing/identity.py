"""Identifiers for new things: opaque, short, and growing with time so that indexes stay compact."""

import secrets
import time


def new_id() -> str:
    """22 hexadecimal digits: milliseconds since 1970, then 40 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(5)}"
