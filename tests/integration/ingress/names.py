"""A DNS server like a cluster's: a function's name leads to the gateway's, that to an address."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dnslib import CNAME, QTYPE, RCODE, RR, A, DNSRecord  # type: ignore[import-untyped]
from dnslib.server import BaseResolver, DNSLogger, DNSServer  # type: ignore[import-untyped]

GATEWAY = "kourier-internal.kourier-system.svc.cluster.local"
KNOWN = frozenset(f"{name}.blog.svc.cluster.local" for name in ("posts", "comments", "query"))


@dataclass
class Names(BaseResolver):  # type: ignore[misc]
    """The names known at present."""

    known: set[str] = field(default_factory=lambda: set(KNOWN))
    address: str = ""

    def resolve(self, request: DNSRecord, _handler: object) -> DNSRecord:
        reply = request.reply()
        name = str(request.q.qname).rstrip(".")
        if name not in self.known:
            reply.header.rcode = RCODE.NXDOMAIN
        elif request.q.qtype == QTYPE.A:
            reply.add_answer(RR(name, QTYPE.CNAME, ttl=5, rdata=CNAME(GATEWAY)))
            reply.add_answer(RR(GATEWAY, QTYPE.A, ttl=5, rdata=A("127.0.0.1")))
        return reply


@contextmanager
def served() -> Iterator[Names]:
    names = Names()
    server = DNSServer(names, address="127.0.0.1", port=0, logger=DNSLogger("-request,-reply"))
    server.start_thread()
    try:
        host, port = server.server.server_address
        names.address = f"{host}:{port}"
        yield names
    finally:
        server.stop()
        server.server.server_close()
