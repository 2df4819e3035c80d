"""Several questions asked at once: whoever is slow is waited for only once."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


def at_once(questions: Mapping[str, Callable[[], T]], within: float) -> dict[str, T]:
    """The answers by name, in the order of the questions.

    What is not answered after `within` seconds is left out, and keeps nobody from going on.
    """
    answers: dict[str, T] = {}

    def ask(name: str, question: Callable[[], T]) -> None:
        answers[name] = question()

    threads = [
        # Daemons: an answer that never ends must not keep this process from ending.
        threading.Thread(target=ask, args=each, daemon=True)
        for each in questions.items()
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + within
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return {name: answers[name] for name in questions if name in answers}
