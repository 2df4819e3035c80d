"""What `blog run` is told, and where the project's files are; changes with what can be set."""

import socket
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
HOST = "127.0.0.1"  # nothing listens for other machines
HOST_IPV6 = "::1"  # what `localhost` means first, or only, to some of them


def has_ipv6() -> bool:
    """Whether this machine has the loopback address of IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind((HOST_IPV6, 0))
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`root` holds `functions/`, `knative/base/` and `web/`; the other fields are the options."""

    port: int = 8080
    broker_port: int = 8090
    function_port: int = 8081
    data: Path = Path("data")
    log_level: str = "info"
    root: Path = PROJECT

    @property
    def manifests(self) -> Path:
        return self.root / "knative" / "base"

    @property
    def page(self) -> Path:
        return self.root / "web" / "dist"

    @property
    def site(self) -> str:
        return f"http://localhost:{self.port}"
