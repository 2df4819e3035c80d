"""Which programs take part, where they listen, and that the network is between them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from broker.manifests import load_platform
from broker.runner import programs
from broker.runner.programs import Program
from broker.runner.settings import HOST, Settings
from tests.e2e.running import environment, free_ports

BROKER, NETWORK, FUNCTIONS = range(3)  # places of the ports, counted from the first


@dataclass(frozen=True, slots=True)
class Cast:
    """The functions and the broker; Services by name, each with addresses and a database."""

    functions: list[Program]
    broker: Program
    addresses: Mapping[str, list[str]]
    databases: Mapping[str, str]
    network_port: int

    @property
    def network(self) -> str:
        """Where everybody is reached through the network."""
        return f"http://{HOST}:{self.network_port}"


def cast(folder: Path, database_url: Callable[[str], str], *, copies: int) -> Cast:
    """As `blog run` would start them, but with the network in between, on these databases."""
    settings = Settings(data=folder, log_level="warning")
    platform = load_platform(settings.manifests)
    names = list(programs.ports(platform, settings))
    first = free_ports(FUNCTIONS + copies * len(names))
    network = f"http://{HOST}:{first + NETWORK}"
    databases = {name: database_url(name.replace("-", "_")) for name in names}
    each = [
        replace(
            settings,
            broker_port=first + BROKER,
            function_port=first + FUNCTIONS + copy * len(names),
        )
        for copy in range(copies)
    ]
    return Cast(
        functions=[
            _on(program, databases[program.name], f"{network}/broker/{platform.namespace}/default")
            for copy in each
            for program in programs.functions(platform, copy, environment())
        ],
        broker=_through(programs.broker(platform, each[0], environment()), network),
        addresses={
            "broker": [f"http://{HOST}:{first + BROKER}"],
            **{
                name: [f"http://{HOST}:{programs.ports(platform, copy)[name]}" for copy in each]
                for name in names
            },
        },
        databases=databases,
        network_port=first + NETWORK,
    )


def _on(function: Program, database: str, sink: str) -> Program:
    """The function on this database; whoever publishes does so through the network."""
    changed = {"DATABASE_URL": database}
    if "K_SINK" in function.environment:
        changed["K_SINK"] = sink
    return replace(function, environment={**function.environment, **changed})


def _through(broker: Program, network: str) -> Program:
    """The broker, told that each Service is behind the network."""
    service = re.compile(rf"([a-z-]+)=http://{HOST}:[0-9]+")
    command = [service.sub(rf"\1={network}/\1", part) for part in broker.command]
    return replace(broker, command=tuple(command))
