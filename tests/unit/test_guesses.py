"""Wrong tokens are counted by address, within bounds, by a clock that only goes on."""

import logging

import pytest

from eventing.guesses import MOST_WRONG, WINDOW, Guesses, TooManyGuesses


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guesses(clock: Clock) -> Guesses:
    return Guesses(clock)


def guess(guesses: Guesses, address: str, times: int = MOST_WRONG) -> None:
    for _ in range(times):
        guesses.check(address)
        guesses.add(address)


def test_after_ten_wrong_tokens_an_address_waits_for_a_minute(
    guesses: Guesses, clock: Clock
) -> None:
    guess(guesses, "192.0.2.1")
    for later, seconds in ((0.0, "60"), (59.5, "1")):
        clock.now = 100.0 + later
        with pytest.raises(TooManyGuesses) as refusal:
            guesses.check("192.0.2.1")
        assert refusal.value.headers == {"Retry-After": seconds}
    clock.now = 100.0 + WINDOW
    guess(guesses, "192.0.2.1", MOST_WRONG - 1)
    guesses.check("192.0.2.1")


def test_nobody_else_waits(guesses: Guesses) -> None:
    guess(guesses, "192.0.2.1")
    guesses.check("192.0.2.2")


def test_any_minute_counts(guesses: Guesses, clock: Clock) -> None:
    guess(guesses, "192.0.2.1", 5)
    clock.now += 50
    guess(guesses, "192.0.2.1", 4)
    clock.now += 11
    guess(guesses, "192.0.2.1", 5)
    clock.now += 1
    guess(guesses, "192.0.2.1", 1)
    with pytest.raises(TooManyGuesses):
        guesses.check("192.0.2.1")


@pytest.mark.parametrize(
    ("guessed", "stopped", "free"),
    [
        ("2001:db8::1", "2001:DB8:0:0:ffff::9", "2001:db8:0:1::1"),
        ("::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2"),
        ("fe80::1%eth0", "fe80::2", "fe80:0:0:1::1"),
        ("unknown", "unknown", ""),
    ],
)
def test_an_ipv6_address_counts_by_its_64(
    guesses: Guesses, guessed: str, stopped: str, free: str
) -> None:
    guess(guesses, guessed)
    guesses.check(free)
    with pytest.raises(TooManyGuesses):
        guesses.check(stopped)


def test_the_log_tells_it_once(guesses: Guesses, caplog: pytest.LogCaptureFixture) -> None:
    guess(guesses, "2001:db8::1")
    for _ in range(3):
        with pytest.raises(TooManyGuesses):
            guesses.check("2001:db8::1")
    [line] = caplog.records
    assert (line.levelno, line.fields) == (logging.WARNING, {"address": "2001:db8::/64"})  # type: ignore[attr-defined]


def test_only_so_many_addresses_are_remembered(clock: Clock) -> None:
    guesses = Guesses(clock, room=2)
    guess(guesses, "192.0.2.1", 9)
    guess(guesses, "192.0.2.2", 9)
    guess(guesses, "192.0.2.1", 1)
    guess(guesses, "192.0.2.3", 1)
    guess(guesses, "192.0.2.2", 1)
    guesses.check("192.0.2.2")
    guesses.check("192.0.2.1")
