"""How the body of a request is read: whole, within its limit, or not at all."""

from io import BytesIO

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from eventing.call import EVENT_LIMIT, REQUEST_LIMIT, Call, read_call
from eventing.problem import BadRequest, TooLarge, UnsupportedMediaType


class Broken(BytesIO):
    """A body whose chunks are none, as a server finds while it is read."""

    def readinto(self, _buffer: object) -> int:
        raise RuntimeError("invalid chunk size")


def received(
    body: BytesIO, path: str = "/posts", length: int | None = None, coding: str | None = None
) -> Call:
    """The request as a server hands it on: chunked unless a length is given."""
    headers = [] if coding is None else [("Content-Encoding", coding)]
    environ = EnvironBuilder(path, method="POST", headers=headers).get_environ()
    environ |= {"wsgi.input": body, "wsgi.input_terminated": True}
    if length is None:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    else:
        environ["CONTENT_LENGTH"] = str(length)
    return read_call(Request(environ))


@pytest.mark.parametrize(("path", "limit"), [("/posts", REQUEST_LIMIT), ("/", EVENT_LIMIT)])
@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_may_have_its_limit_and_not_a_byte_more(
    path: str, limit: int, *, chunked: bool
) -> None:
    for size, fits in ((limit, True), (limit + 1, False), (limit * 3, False)):
        call = received(BytesIO(b"x" * size), path, None if chunked else size)
        if fits:
            assert len(call.body) == limit
        else:
            with pytest.raises(TooLarge, match=f"larger than {limit // 1024} KiB"):
                _ = call.body


def test_a_request_that_announces_no_body_has_none_to_wait_for() -> None:
    environ = EnvironBuilder("/posts").get_environ()
    environ |= {"wsgi.input": Broken(), "wsgi.input_terminated": True}
    assert read_call(Request(environ)).body == b""


def test_no_more_than_the_limit_is_read_of_a_body_without_an_end() -> None:
    body = BytesIO(b"x" * (REQUEST_LIMIT * 8))
    received(body)
    assert body.tell() <= REQUEST_LIMIT + 1


def test_a_body_that_breaks_off_is_not_taken_for_a_shorter_one() -> None:
    with pytest.raises(BadRequest, match="shorter than its Content-Length"):
        _ = received(BytesIO(b"{}"), length=100).body


def test_a_body_that_cannot_be_read_is_the_callers_fault() -> None:
    with pytest.raises(BadRequest, match="could not be read: RuntimeError"):
        _ = received(Broken()).body


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "GZIP", "identity", "no-such"])
@pytest.mark.parametrize("path", ["/", "/posts"])
def test_what_is_encoded_is_refused_and_told_what_may_come(path: str, coding: str) -> None:
    with pytest.raises(UnsupportedMediaType) as refusal:
        _ = received(BytesIO(b"{}"), path, coding=coding).body
    assert refusal.value.headers == {"Accept-Encoding": "identity"}


@pytest.mark.parametrize("coding", ["", " "])
def test_an_empty_content_encoding_says_nothing(coding: str) -> None:
    assert received(BytesIO(b"{}"), coding=coding).body == b"{}"


def test_a_request_comes_from_whom_the_ingress_names_else_from_who_connected() -> None:
    environ = EnvironBuilder("/posts").get_environ() | {"REMOTE_ADDR": "192.0.2.1"}
    assert read_call(Request(environ)).address == "192.0.2.1"
    environ["HTTP_X_CLIENT_ADDRESS"] = "2001:db8::1"
    assert read_call(Request(environ)).address == "2001:db8::1"
