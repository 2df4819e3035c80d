"""Answers to what cannot be done: permanent refusals as `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a JSON document: where (a JSON pointer) and what."""

    pointer: str
    detail: str


class Refused(Exception):
    """The request was understood and is refused; sending it again changes nothing."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, detail: str | None = None, *, headers: Mapping[str, str] | None = None):
        super().__init__(detail or (self.__doc__ or "").strip())
        self.headers = dict(headers or {})

    def members(self) -> dict[str, object]:
        """The problem details, ready for JSON."""
        return {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": str(self),
        }


class BadRequest(Refused):
    """The request is malformed."""


class Unauthorized(Refused):
    """The author's token is missing or wrong."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": 'Bearer realm="author"'})


class NotFound(Refused):
    """There is nothing at this address."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowed(Refused):
    """This address does not take that method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED


class TooLarge(Refused):
    """The request is larger than is read here."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UnsupportedMediaType(Refused):
    """The content type is not accepted here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class Invalid(Refused):
    """The request is well-formed, but its content is wrong."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, faults: Sequence[Fault], detail: str | None = None):
        super().__init__(detail)
        self.faults = faults

    def members(self) -> dict[str, object]:
        """The problem details with every fault."""
        errors = [{"pointer": fault.pointer, "detail": fault.detail} for fault in self.faults]
        return {**super().members(), "errors": errors}


class Unavailable(Refused):
    """The service cannot do this now; try again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, detail: str | None = None):
        super().__init__(detail, headers={"Retry-After": "1"})
