"""Which programs take part, where they listen, and that the network is between them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from broker.manifests import load_platform
from broker.runner import programs
from broker.runner.programs import Program
from broker.runner.settings import HOST, Settings
from tests.chaos.clock import Clock
from tests.e2e.running import environment, free_ports

BROKER_NAME = "broker"


@dataclass(frozen=True, slots=True)
class Cast:
    """The functions and the broker; Services by name, each with addresses and a database."""

    functions: list[Program]
    broker: Program
    addresses: Mapping[str, list[str]]
    databases: Mapping[str, str]
    doors: Mapping[str, int]
    """The port at which each service is reached through the network."""

    def door(self, service: str) -> str:
        """Where a service is reached through the network."""
        return f"http://{HOST}:{self.doors[service]}"


def cast(folder: Path, database_url: Callable[[str], str], *, copies: int) -> Cast:
    """As `blog run` would start them, but with the network in between, on these databases."""
    settings = Settings(data=folder, log_level="warning")
    platform = load_platform(settings.manifests)
    names = list(programs.ports(platform, settings))
    services = [BROKER_NAME, *names]
    first = free_ports(1 + len(services) + copies * len(names))
    doors = {name: first + 1 + place for place, name in enumerate(services)}
    sink = f"http://{HOST}:{doors[BROKER_NAME]}/{platform.namespace}/default"
    databases = {name: database_url(name.replace("-", "_")) for name in names}
    each = [
        replace(
            settings,
            broker_port=first,
            function_port=first + 1 + len(services) + copy * len(names),
        )
        for copy in range(copies)
    ]
    return Cast(
        functions=[
            _clocked(_on(program, databases[program.name], sink), folder, number)
            for number, copy in enumerate(each)
            for program in programs.functions(platform, copy, environment())
        ],
        broker=_clocked(
            _through(programs.broker(platform, each[0], environment()), doors), folder, 0
        ),
        addresses={
            BROKER_NAME: [f"http://{HOST}:{first}"],
            **{
                name: [f"http://{HOST}:{programs.ports(platform, copy)[name]}" for copy in each]
                for name in names
            },
        },
        databases=databases,
        doors=doors,
    )


def _on(function: Program, database: str, sink: str) -> Program:
    """The function on this database; whoever publishes does so through the network."""
    changed = {"DATABASE_URL": database}
    if "K_SINK" in function.environment:
        changed["K_SINK"] = sink
    return replace(function, environment={**function.environment, **changed})


def _through(broker: Program, doors: Mapping[str, int]) -> Program:
    """The broker, told that each Service is behind the network."""
    service = re.compile(rf"([a-z-]+)=http://{HOST}:[0-9]+")

    def door(found: re.Match[str]) -> str:
        return f"{found[1]}=http://{HOST}:{doors[found[1]]}"

    return replace(broker, command=tuple(service.sub(door, part) for part in broker.command))


def _clocked(program: Program, folder: Path, copy: int) -> Program:
    """The program with a wall clock of its own that can be moved, where that can be had."""
    clock = Clock(folder / f"{program.name}-{copy}.clock")
    return replace(program, environment={**program.environment, **clock.environment()})
