"""How long to wait before a program that ended is started again: a pure rule."""

FIRST = 0.5  # seconds
# Seconds. Once what made a program crash has passed, nobody waits longer than this, and starting
# one every few seconds costs next to nothing.
LONGEST = 4.0
SETTLED = 60.0  # seconds up after which an end is a new trouble, not the old one again


def next_pause(previous: float | None, uptime: float) -> float:
    """The pause after an end, in seconds; `previous` is the one before it, if any."""
    if previous is None or uptime >= SETTLED:
        return FIRST
    return min(previous * 2, LONGEST)
