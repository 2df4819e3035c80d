"""Requests as nobody should send them, byte by byte: changes when a new trick is known.

Each carries what would be taken in if it were sound: a post, its author's token, an event.
"""

from tests.e2e.hostile.outsider import TOKEN

SMUGGLED = "smuggled"
BODY = b'{"title": "smuggled"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNK = b"%x\r\n%b\r\n" % (len(BODY), BODY)
SOUND = {
    "Host": "blog",
    "Connection": "close",
    "Content-Type": "application/json",
    "Authorization": f"Bearer {TOKEN}",
    "ce-specversion": "1.0",
    "ce-type": "Smuggled",
    "ce-source": "/outside",
    "ce-id": "1",
}
FIELDS = "".join(f"{name}: {value}\r\n" for name, value in SOUND.items()).encode()
ODD = b'Content-Length: 16\r\n\r\n{"title": "odd"}'
GET = b"GET /healthz HTTP/1.1\r\nHost: blog\r\n\r\n"


def refused(path: bytes) -> dict[str, bytes]:
    """Requests that nobody may take for sound."""
    post = b"POST " + path + b" HTTP/1.1\r\n" + FIELDS
    sound = LENGTH + b"\r\n" + BODY
    return {
        **{name: post + rest for name, rest in (BAD_LENGTHS | BAD_CHUNKS).items()},
        **{name: post + line + sound for name, line in BAD_FIELDS.items()},
        **{name: line % path + FIELDS + sound for name, line in BAD_FIRST_LINES.items()},
        "a field folded": post.replace(b": application/json", b":\r\n application/json") + sound,
        "a fold before the first field": post.replace(b"\r\nHost", b"\r\n Host") + sound,
        "a NUL in the path": post.replace(path, path + b"\0") + sound,
        "bytes that are no text": bytes(range(256)) * 40 + b"\r\n\r\n",
        "a handshake of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
        + bytes(500)
        + b"\r\n",
    }


BAD_LENGTHS = {
    "CL.TE": b"Content-Length: 6\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + GET,
    "TE.CL": CHUNKED + b"Content-Length: 4\r\n\r\n" + CHUNK + b"0\r\n\r\n" + GET,
    "TE with a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n"
    + CHUNK
    + b"0\r\n\r\n",
    "TE gzip": b"Transfer-Encoding: gzip\r\n\r\n" + BODY,
    "TE identity with a length": b"Transfer-Encoding: identity\r\n" + LENGTH + b"\r\n" + BODY,
    "TE twice": CHUNKED + b"Transfer-Encoding: identity\r\n\r\n" + CHUNK + b"0\r\n\r\n",
    "TE chunked twice": CHUNKED + CHUNKED + b"\r\n" + CHUNK + b"0\r\n\r\n",
    "two lengths": LENGTH + b"Content-Length: 3\r\n\r\n" + BODY,
    "the length twice": LENGTH + LENGTH + b"\r\n" + BODY,
    "a list of lengths": b"Content-Length: 21, 21\r\n\r\n" + BODY,
    "a negative length": b"Content-Length: -1\r\n\r\n" + BODY,
    "a length with a sign": b"Content-Length: +21\r\n\r\n" + BODY,
    "a length in words": b"Content-Length: many\r\n\r\n" + BODY,
    "a length in hexadecimal": b"Content-Length: 0x15\r\n\r\n" + BODY,
    "a length with an underscore": b"Content-Length: 2_1\r\n\r\n" + BODY,
    "a length in other digits": "Content-Length: ２１\r\n\r\n".encode() + BODY,  # noqa: RUF001
    "a length without end": b"Content-Length: " + b"9" * 400 + b"\r\n\r\n" + BODY,
    "a length that nobody sends": b"Content-Length: 1000\r\n\r\n" + BODY,
    "more than is taken": b"Content-Length: 1100000\r\n\r\n" + BODY + b" " * 1_099_979 + GET,
}
BAD_CHUNKS = {
    name: CHUNKED + b"\r\n" + chunks
    for name, chunks in {
        "a size that is no number": b"zz\r\n" + BODY + b"\r\n0\r\n\r\n" + GET,
        "a negative size": b"-15\r\n" + BODY + b"\r\n0\r\n\r\n" + GET,
        "a size with a prefix": b"0x15\r\n" + BODY + b"\r\n0\r\n\r\n" + GET,
        "a size that is too small": b"1\r\n" + BODY + b"\r\n0\r\n\r\n" + GET,
        "a size that is too large": b"ff\r\n" + BODY + b"\r\n0\r\n\r\n",
        "a size without end": b"f" * 400 + b"\r\n" + BODY + b"\r\n0\r\n\r\n",
        "chunks that break off": b"ff\r\n" + BODY,
        "chunks without a last one": CHUNK,
        "more chunks than are taken": (b"10000\r\n" + b" " * 65_536 + b"\r\n") * 40 + b"0\r\n\r\n",
        "an extension without end": b"15;" + b"x" * 200_000 + b"\r\n" + BODY + b"\r\n",
    }.items()
}
BAD_FIELDS = {
    "a field without a name": b": x\r\n",
    "a NUL in a value": b"X-A: a\0b\r\n",
    "a NUL in a name": b"X\0A: b\r\n",
    "a lone CR in a value": b"X-A: a\rb\r\n",
    "two hosts": b"Host: elsewhere\r\n",
    "a value without end": b"X-A: " + b"x" * 200_000 + b"\r\n",
    "a flood of fields": b"".join(b"X-%d: x\r\n" % number for number in range(5_000)),
}
BAD_FIRST_LINES = {
    "another version": b"POST %b HTTP/9.9\r\n",
    "a version in small letters": b"POST %b http/1.1\r\n",
    "a method in small letters": b"post %b HTTP/1.1\r\n",
    "a method without end": b"P" * 100_000 + b" %b HTTP/1.1\r\n",
    "a method with a NUL": b"PO\0ST %b HTTP/1.1\r\n",
    "a relative address": b"POST posts?%b HTTP/1.1\r\n",
    "an asterisk": b"POST *?%b HTTP/1.1\r\n",
    "bytes in the query": b"POST %b?\xff\x01 HTTP/1.1\r\n",
    "no address": b"POST HTTP/1.1\r\nX-A: %b\r\n",
}


def odd(path: bytes) -> dict[str, bytes]:
    """Requests that one server takes and another refuses; none of them may do harm."""
    post = b"POST " + path + b" HTTP/1.1\r\n" + FIELDS
    get = b"GET " + path
    return {
        "lines that end in LF": post.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n",
        "a field that is none": post + b"nonsense\r\n" + ODD,
        "a value in Latin-1": post + b"X-A: \xff\r\n" + ODD,
        "trailers": post + CHUNKED + b"\r\n0\r\nce-type: PostDeleted\r\n\r\n",
        "a flood of trailers": post + CHUNKED + b"\r\n0\r\n" + b"a: b\r\n" * 50_000 + b"\r\n",
        "a coding that is unknown": post + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "two codings": post + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "an expectation": post + b"Expect: a miracle\r\nContent-Length: 0\r\n\r\n",
        "an upgrade": post + b"Upgrade: websocket\r\nContent-Length: 0\r\n\r\n",
        "a preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/0.9": get + b"\r\n\r\n",
        "HTTP/1.0": get + b" HTTP/1.0\r\n\r\n",
        "another host in the address": get + b" HTTP/1.1\r\n" + FIELDS + b"\r\n",
        "a tunnel": b"CONNECT 127.0.0.1:80 HTTP/1.1\r\n" + FIELDS + b"\r\n",
        "a path that is no UTF-8": get + b"/%ff%fe HTTP/1.1\r\n" + FIELDS + b"\r\n",
        "a surrogate in the path": get + b"/%ed%a0%80 HTTP/1.1\r\n" + FIELDS + b"\r\n",
        "a NUL, encoded": get + b"/%00 HTTP/1.1\r\n" + FIELDS + b"\r\n",
        "a percent sign that encodes nothing": get + b"/%zz HTTP/1.1\r\n" + FIELDS + b"\r\n",
        "a host that is none": get + b" HTTP/1.1\r\nHost: a/b@c:999999\r\n\r\n",
        "a path without end": get + b"/" + b"x" * 500_000 + b" HTTP/1.1\r\n" + FIELDS + b"\r\n",
        "empty lines first": b"\r\n" * 5_000 + get + b" HTTP/1.1\r\n" + FIELDS + b"\r\n",
        "half a line": b"GET /",
        "nothing": b"",
    }
