"""Which hosts a program answers to, and from whose pages it takes what changes something."""

import pytest

from eventing.hosts import CrossOrigin, Hosts, Misdirected, NotAHost

LAPTOP = Hosts.from_env({})
NAMED = Hosts.from_env({"ALLOWED_HOSTS": "box, Blog.Example:8443 [fe80::1]"})
SITE = Hosts.from_env({"SITE_URL": "https://Blog.example:443/"})
CLUSTER = Hosts.from_env({"K_SERVICE": "posts", "SITE_URL": "https://blog.example"})


@pytest.mark.parametrize(
    ("hosts", "host"),
    [
        (LAPTOP, "localhost"),
        (LAPTOP, "LOCALHOST:8080"),
        (LAPTOP, "127.0.0.1:1"),
        (LAPTOP, "[::1]:8080"),
        (NAMED, "box"),
        (NAMED, "box:9"),
        (NAMED, "blog.example:8443"),
        (NAMED, "[fe80::1]:80"),
        (SITE, "blog.example"),
        (SITE, "blog.example:8080"),
        (CLUSTER, "10.42.0.7:8080"),
        (CLUSTER, ""),
    ],
)
def test_a_program_answers_to(hosts: Hosts, host: str) -> None:
    hosts.check("GET", {"Host": host})


FOREIGN = [
    "",
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "evil.localhost",
    "localhost@evil.example",
    "localhost, evil.example",
    "localhost:x",
    "localhost\n",
    "127.0.0.1.evil.example",
    "127.0.0.2",
    "0.0.0.0",  # noqa: S104 - it is refused
    "[::]",
    "[::1",
    "::1",
    "blog.example",
]


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_no_program_answers_to(host: str, method: str) -> None:
    with pytest.raises(Misdirected, match="ALLOWED_HOSTS"):
        LAPTOP.check(method, {"Host": host})


def test_a_host_that_was_allowed_with_a_port_is_answered_with_that_port_only() -> None:
    with pytest.raises(Misdirected):
        NAMED.check("GET", {"Host": "blog.example"})


OURS = [
    (LAPTOP, "localhost:8080", "http://localhost:8080"),
    (LAPTOP, "127.0.0.1", "http://127.0.0.1"),
    (LAPTOP, "[::1]:80", "http://[::1]"),
    (NAMED, "localhost", "https://box"),
    (NAMED, "localhost", "http://box:3000"),
    (NAMED, "localhost", "https://blog.example:8443"),
    (SITE, "localhost", "https://blog.example"),
    (CLUSTER, "web.blog.svc", "https://blog.example"),
    # A gateway has ended the TLS, and may have put the port in.
    (CLUSTER, "other.example", "https://other.example"),
    (CLUSTER, "other.example:443", "https://other.example"),
]


@pytest.mark.parametrize(("hosts", "host", "origin"), OURS)
def test_a_page_of_ours_may_change_something(hosts: Hosts, host: str, origin: str) -> None:
    hosts.check("POST", {"Host": host, "Origin": origin, "Sec-Fetch-Site": "same-origin"})


THEIRS = [
    (LAPTOP, "http://evil.example"),
    (LAPTOP, "null"),
    (LAPTOP, "http://localhost:3000"),
    (LAPTOP, "http://localhost:8080.evil.example"),
    (LAPTOP, "http://localhost:8080, http://evil.example"),
    (LAPTOP, "file://localhost:8080"),
    (LAPTOP, "localhost:8080"),
    (LAPTOP, "http://"),
    (NAMED, "http://blog.example"),
    (SITE, "http://blog.example"),
    (SITE, "https://blog.example:8443"),
    (CLUSTER, "https://evil.example"),
]


@pytest.mark.parametrize(("hosts", "origin"), THEIRS)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "OPTIONS", "PUT"])
def test_a_page_of_somebody_else_may_not(hosts: Hosts, origin: str, method: str) -> None:
    with pytest.raises(CrossOrigin):
        hosts.check(method, {"Host": "localhost:8080", "Origin": origin})


@pytest.mark.parametrize("hosts", [LAPTOP, CLUSTER])
def test_what_a_browser_calls_cross_site_may_not_either(hosts: Hosts) -> None:
    with pytest.raises(CrossOrigin):
        hosts.check("POST", {"Host": "localhost", "Sec-Fetch-Site": "Cross-Site"})


def test_links_from_elsewhere_may_be_followed_and_programs_send_no_origin() -> None:
    LAPTOP.check("GET", {"Host": "localhost", "Sec-Fetch-Site": "cross-site", "Origin": "null"})
    LAPTOP.check("POST", {"Host": "localhost"})


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"ALLOWED_HOSTS": "box http://blog.example"}, "'http://blog.example'"),
        ({"ALLOWED_HOSTS": "*"}, r"'\*'"),
        ({"ALLOWED_HOSTS": "blog.example/"}, "'blog.example/'"),
        ({"SITE_URL": "blog.example"}, "SITE_URL is 'blog.example'"),
        ({"SITE_URL": "https://me@blog.example"}, "SITE_URL"),
        ({"SITE_URL": "ftp://blog.example"}, "SITE_URL"),
    ],
)
def test_what_names_no_host_ends_the_start(env: dict[str, str], named: str) -> None:
    with pytest.raises(NotAHost, match=named):
        Hosts.from_env(env)
