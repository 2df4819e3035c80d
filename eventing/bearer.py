"""Who may do what only the author may: a bearer token, compared in constant time."""

import hmac
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from eventing.call import Call
from eventing.guesses import Guesses
from eventing.problem import Unauthorized
from eventing.settings import Misconfigured

_FIT = re.compile(r"[!-~]{16,}")  # long enough not to be guessed; RFC 6750 (2.1) has ASCII

log = logging.getLogger(__name__)


class TokenMissing(Misconfigured):
    """In a cluster the author's token has to be set."""


class TokenUnfit(Misconfigured):
    """AUTHOR_TOKEN must have 16 or more characters, visible ones of ASCII: no spaces, no é."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Bearer:
    """The author's token; empty means that everybody may write."""

    token: str
    guesses: Guesses = field(default_factory=Guesses)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Bearer":
        """AUTHOR_TOKEN; in a cluster (K_SERVICE) an open blog must be meant: AUTHOR_OPEN=1."""
        # A Secret made from a file ends in a line break, which no header can carry.
        token = env.get("AUTHOR_TOKEN", "").strip()
        if not token and env.get("K_SERVICE") and env.get("AUTHOR_OPEN") != "1":
            raise TokenMissing(
                "AUTHOR_TOKEN is empty: set it (in the cluster from the Secret `author`),"
                " or AUTHOR_OPEN=1 to let everybody write."
            )
        if token and not _FIT.fullmatch(token):
            raise TokenUnfit
        if not token:
            log.warning("AUTHOR_TOKEN is not set: everybody may write")
        return cls(token)

    @property
    def open(self) -> bool:
        """Whether no token is asked for."""
        return not self.token

    def check(self, call: Call) -> None:
        """Raise Unauthorized unless the call carries the token; TooManyGuesses after many wrong."""
        if self.open:
            return
        scheme, _, given = call.headers.get("Authorization", "").partition(" ")
        given = given.strip()
        if scheme.lower() != "bearer" or not given:
            raise Unauthorized
        self.guesses.check(call.address)
        if not hmac.compare_digest(_digestible(given), _digestible(self.token)):
            self.guesses.add(call.address)
            raise Unauthorized


def _digestible(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
