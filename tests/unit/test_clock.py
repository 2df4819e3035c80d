"""The time by which things are deleted, where the machine's clock is wrong for a while."""

import pytest

from eventing.clock import CautiousClock


@pytest.mark.parametrize(
    ("told", "believed"),
    [
        ("2026-01-31T12:00:10.000000Z", "2026-01-31T12:00:10.000000Z"),
        ("2026-03-12T12:00:10.000000Z", "2026-01-31T12:00:10.000000Z"),
        ("2026-01-31T11:00:10.000000Z", "2026-01-31T11:00:10.000000Z"),
    ],
    ids=["right", "40 days ahead", "an hour behind"],
)
def test_a_cautious_clock_is_never_ahead_of_what_has_passed(told: str, believed: str) -> None:
    times, passed = iter(["2026-01-31T12:00:00.000000Z", told]), iter([100.0, 110.0])

    clock = CautiousClock(lambda: next(times), lambda: next(passed))

    assert clock() == believed
