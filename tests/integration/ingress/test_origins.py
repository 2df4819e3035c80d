"""Which hosts the door answers to, and whose pages may write: the table of `eventing/hosts.py`."""

from collections.abc import Iterator

import pytest

from eventing.hosts import CrossOrigin, Hosts, Misdirected
from tests.integration.ingress.door import (
    IN_A_CLUSTER,
    ON_A_LAPTOP,
    Door,
    Form,
    prepared,
    running,
)
from tests.unit.test_hosts import FOREIGN, OURS, THEIRS

NAMES = {
    "ALLOWED_HOSTS": "box, Blog.Example:8443 [fe80::1]",
    "SITE_URL": "https://site.example:443/",
}
HOSTS = ["localhost", "LOCALHOST:9", "127.0.0.1", "[::1]:80", "box", "box:1", "blog.example:8443"]
HOSTS += ["site.example", "site.example:8080", "blog.example", *FOREIGN]
ORIGINS = [origin for *_, origin in (*OURS, *THEIRS)]
ORIGINS += [
    "https://site.example",
    "http://site.example",
    "https://localhost",
    "http://localhost:80",
]


@pytest.fixture(scope="module")
def named(form: Form, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A door with a site and with hosts that it was told to allow."""
    with prepared(form, tmp_path_factory.mktemp("named")) as door, running(door, **NAMES):
        yield door


def judged(door: Door, method: str, headers: dict[str, str]) -> int:
    """What a function says to the same request with the same settings."""
    env = {**NAMES, **({"K_SERVICE": "posts"} if door.form.cluster else {})}
    try:
        Hosts.from_env(env).check(method, headers)
    except (Misdirected, CrossOrigin) as refusal:
        return refusal.status
    return 200


@pytest.mark.parametrize("host", [host for host in HOSTS if host and "\n" not in host])
def test_the_door_answers_to_the_hosts_that_a_function_answers_to(named: Door, host: str) -> None:
    expected = judged(named, "GET", {"Host": host})
    for path in ("/", "/api/posts", "/api/none", "/index.html", "/problem/400"):
        answer = named.ask("GET", path, {"Host": host})
        assert (answer.status == 421) == (expected == 421) or answer.status == 400, (host, path)
    if answer.status == 421:
        assert answer.problem()["title"] == "Misdirected Request"


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_the_door_lets_those_pages_write_that_a_function_lets(
    named: Door, method: str, origin: str
) -> None:
    headers = {"Host": "localhost", "Origin": origin}
    expected = judged(named, method, headers)
    answer = named.ask(method, "/api/posts", headers)
    assert (answer.status == 403) == (expected == 403)


def test_what_a_browser_calls_cross_site_is_refused(door: Door) -> None:
    for value, status in (("cross-site", 403), ("Cross-Site ", 403), ("same-origin", 200)):
        assert door.ask("POST", "/api/posts", {"Sec-Fetch-Site": value}, b"{}").status == status
        assert door.ask("GET", "/api/posts", {"Sec-Fetch-Site": value}).status == 200
    assert len(door.posts.seen) == 1


@ON_A_LAPTOP
def test_a_foreign_page_reaches_no_function(door: Door) -> None:
    assert door.ask("GET", "/api/posts", {"Host": "evil.example"}).problem()["status"] == 421
    for headers in (
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ):
        assert door.ask("POST", "/api/posts", headers, b"{}").status in (403, 421)
        assert door.ask("PATCH", "/api/posts/p1", headers, b"{}").status in (403, 421)
    assert door.seen == {}


@IN_A_CLUSTER
def test_a_page_behind_a_gateway_that_ends_tls_may_write(door: Door) -> None:
    for host in ("posts.com", "posts.com:443"):
        headers = {"Host": host, "Origin": "https://posts.com", "X-Forwarded-Proto": "https"}
        assert door.ask("POST", "/api/posts", headers, b"{}").status == 200


@IN_A_CLUSTER
def test_probes_carry_an_address_of_the_pod(door: Door) -> None:
    assert door.ask("GET", "/", {"Host": "10.42.0.7:8080"}).status == 200


def test_a_request_without_a_host_is_not_for_us(door: Door) -> None:
    status = b"200" if door.form.cluster else b"421"
    assert status in door.raw(b"GET / HTTP/1.0\r\n\r\n").partition(b"\r\n")[0]
