"""The command line, and from the manifests' destinations to URLs."""

from pathlib import Path

import pytest

from broker.filters import compile_filter
from broker.manifests import DeliverySpec, Destination, Ping, Platform, Trigger
from broker.routes import UnknownAddress, ping_sinks, routes
from broker.settings import read_settings

SINK = Destination("dead-letters", "/dead/t")
SPEC = DeliverySpec(5, "exponential", 0.5, 10.0, SINK)
TRIGGER = Trigger("t", "default", compile_filter(), Destination("posts", "/"), SPEC)
PING = Ping("p", "* * * * *", None, None, b"", Destination(None, "http://x.example/a"))
PLATFORM = Platform("blog", ("default",), (), (TRIGGER,), (PING,))
ADDRESSES = {"posts": "http://127.0.0.1:1/", "dead-letters": "http://127.0.0.1:2"}


def test_settings_come_from_the_command_line() -> None:
    arguments = ["--manifests", "base", "--port", "0", "--data", "d/b.db"]
    settings = read_settings([*arguments, "--service", "a=http://h:1", "--service", "b=http://h:2"])
    assert (settings.manifests, settings.port, settings.data) == (Path("base"), 0, Path("d/b.db"))
    assert settings.services == {"a": "http://h:1", "b": "http://h:2"}


@pytest.mark.parametrize("service", ["a", "a=", "a=h:1", "=http://"])
def test_a_service_without_name_and_url_is_refused(
    service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_settings(["--manifests", "base", "--data", "d", "--service", service])
    assert "is not NAME=http://HOST:PORT" in capsys.readouterr().err


def test_destinations_become_urls() -> None:
    route = routes(PLATFORM, ADDRESSES, "http://127.0.0.1:9")["t"]
    assert route.broker_url == "http://127.0.0.1:9/blog/default"
    assert route.subscriber == "http://127.0.0.1:1/"
    assert route.sink == "http://127.0.0.1:2/dead/t"
    assert ping_sinks(PLATFORM, ADDRESSES) == [(PING, "http://x.example/a")]


def test_a_service_without_an_address_is_named() -> None:
    with pytest.raises(UnknownAddress, match=r"Trigger t: the address of Service dead-letters"):
        routes(PLATFORM, {"posts": "http://127.0.0.1:1"}, "http://127.0.0.1:9")
