"""Who may do what only the author may: a bearer token, compared in constant time."""

import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from eventing.call import Call
from eventing.problem import Unauthorized
from eventing.settings import Misconfigured

log = logging.getLogger(__name__)


class TokenMissing(Misconfigured):
    """In a cluster the author's token has to be set."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """The author's token; empty means that everybody may write."""

    token: str

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
        if not token:
            log.warning("AUTHOR_TOKEN is not set: everybody may write")
        return cls(token)

    @property
    def open(self) -> bool:
        """Whether no token is asked for."""
        return not self.token

    def check(self, call: Call) -> None:
        """Raise Unauthorized unless the call carries the token."""
        if self.open:
            return
        scheme, _, given = call.headers.get("Authorization", "").partition(" ")
        same = hmac.compare_digest(_digestible(given.strip()), _digestible(self.token))
        if scheme.lower() != "bearer" or not same:
            raise Unauthorized


def _digestible(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
